package api

// SelfTest is what one self-test came to: a canary was written where the agent
// watches, and followed to each sink. Each time counts from the canary's writing.
type SelfTest struct {
	OK    bool           `json:"ok"` // every step and every sink
	At    Time           `json:"at"`
	Steps []SelfTestStep `json:"steps"` // in order; the first that fails is the last
	Sinks []SelfTestSink `json:"sinks"` // none when the canary did not get so far
}

// SelfTestStep is one step that the canary took inside the agent.
type SelfTestStep struct {
	Name   string `json:"name"` // written, event, read, verdict
	Micros int64  `json:"micros"`
	OK     bool   `json:"ok"`
	Error  string `json:"error"`
}

// SelfTestSink is what became of the message at one sink.
type SelfTestSink struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	How     string `json:"how"` // what its taking means: acknowledged, written …
	Micros  int64  `json:"micros"`
	OK      bool   `json:"ok"`
	Skipped bool   `json:"skipped"` // it gets none of the agent's own tests
	Error   string `json:"error"`
}

// Verdict is how long it took to the verdict; false when it came to none.
func (t *SelfTest) Verdict() (micros int64, ok bool) {
	for _, s := range t.Steps {
		if s.Name == "verdict" && s.OK {
			return s.Micros, true
		}
	}
	return 0, false
}

// Taken counts the sinks that took the message, and those that were asked to.
func (t *SelfTest) Taken() (took, asked int) {
	for _, s := range t.Sinks {
		if s.Skipped {
			continue
		}
		asked++
		if s.OK {
			took++
		}
	}
	return took, asked
}

// Failures says what failed, in sentences without a full stop, by a name that
// stays the same.
func (t *SelfTest) Failures() map[string]string {
	out := map[string]string{}
	for _, s := range t.Steps {
		if !s.OK {
			out[s.Name] = s.Error
		}
	}
	for _, s := range t.Sinks {
		if !s.OK {
			out["sink "+s.Name] = "sink " + s.Name + ": " + s.Error
		}
	}
	return out
}
