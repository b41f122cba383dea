package api

// Agent says how the daemon itself is.
type Agent struct {
	PID           int          `json:"pid"`
	Version       string       `json:"version"`
	FIPS          bool         `json:"fips"`
	FIPSMode      string       `json:"fips_mode"`             // off, on, only
	FIPSModule    string       `json:"fips_module"`           // version of the cryptographic module
	Revision      uint64       `json:"revision"`              // grows with each published report of this process
	Confinement   *Confinement `json:"confinement,omitempty"` // absent: the process confines nothing by itself
	Started       Time         `json:"started"`
	UptimeSeconds int64        `json:"uptime_seconds"`
	Config        Config       `json:"config"`
	Site          Site         `json:"site"`
	Watch         Watch        `json:"watch"`
	Passes        Passes       `json:"passes"`
	Sinks         []Sink       `json:"sinks"`
	Journal       *Journal     `json:"journal"` // null: there is none, the state folder could not be used
	Conditions    []Condition  `json:"conditions"`
	SelfTest      *SelfTest    `json:"selftest,omitempty"` // the newest; absent before the first
	Maintenance   []Window     `json:"maintenance"`        // windows that are open
	Enforcement   Enforcement  `json:"enforcement"`
}

// Confinement says what the process has taken from itself, or its unit from it.
type Confinement struct {
	Summary    string   `json:"summary"`           // the same in a line
	Landlock   int      `json:"landlock_abi"`      // of the fence; 0: there is none
	Writes     []string `json:"writes"`            // folders inside the fence
	NoNewPrivs bool     `json:"no_new_privileges"` // for any program that it could start
	Undumpable bool     `json:"undumpable"`        // no core dumps
	Seccomp    bool     `json:"seccomp"`           // the unit filters system calls
	Missing    []string `json:"missing"`           // what is not in force, and why
}

// Journal says how the record is.
type Journal struct {
	Entries  uint64 `json:"entries"`   // number of the newest one on disk
	Head     string `json:"head"`      // NUMBER:HASH of it
	KeyWaits bool   `json:"key_waits"` // nobody has taken the verification key yet
	Fault    string `json:"fault"`     // why nothing can be recorded; empty: it can
}

// Config says which configuration is live, and why a newer one is not.
type Config struct {
	Path    string `json:"path"`
	Digest  string `json:"digest"`
	Loaded  Time   `json:"loaded"`
	Reloads uint64 `json:"reloads"` // that this process has tried
	Error   string `json:"error"`   // of the last one; the configuration before it is live
}

// Site says which site profile is live.
type Site struct {
	Digest string `json:"digest"`
}

// Watch says what is watched and what was seen.
type Watch struct {
	Folders      int    `json:"folders"`
	Files        int    `json:"files"`
	Events       uint64 `json:"events"`
	Overflows    uint64 `json:"overflows"`
	LastEvent    Time   `json:"last_event"`
	LastFullPass Time   `json:"last_full_pass"`
}

// Passes says how often and how fast the rules were judged.
type Passes struct {
	Count     uint64 `json:"count"`
	Full      uint64 `json:"full"`
	Last      Time   `json:"last"`
	EvalP50us int64  `json:"eval_p50_us"` // over the last passes
	EvalP99us int64  `json:"eval_p99_us"`
}

// Sink says how one receiver of alerts does.
type Sink struct {
	Name        string `json:"name"`
	Type        string `json:"type"`
	Address     string `json:"address"`
	Healthy     bool   `json:"healthy"`
	Queued      int    `json:"queued"`
	Sent        uint64 `json:"sent"`
	Dropped     uint64 `json:"dropped"`
	Resent      uint64 `json:"resent"`   // because a connection broke before the receiver confirmed them
	Circuit     string `json:"circuit"`  // closed: all is well; open: it waits until next_try; half-open: it tries
	Failures    int    `json:"failures"` // attempts in a row
	NextTry     Time   `json:"next_try"` //
	LastSuccess Time   `json:"last_success"`
	LastError   string `json:"last_error"`
}

// Condition is something wrong with the agent itself.
type Condition struct {
	Code    string `json:"code"` // stable
	Message string `json:"message"`
	File    string `json:"file"`
	Since   Time   `json:"since"`
}

// Health is the short answer: whether the first full pass is done, and what is
// wrong with the agent.
type Health struct {
	Schema     string      `json:"schema"`
	Ready      bool        `json:"ready"`
	Conditions []Condition `json:"conditions"`
}

// Problem is the body of every answer that is not a success.
type Problem struct {
	Error  string `json:"error"`
	Reason string `json:"reason,omitempty"` // a stable word, where scripts may branch on it
}
