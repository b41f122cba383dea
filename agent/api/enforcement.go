package api

// Enforcement says what is done about failing rules besides telling.
type Enforcement struct {
	Mode  string         `json:"mode"`  // of rules that are not listed
	Rules []EnforcedRule `json:"rules"` // in another mode, or with something to tell
	Plans []Job          `json:"plans"` // that the enforcer did, the newest first
	Error string         `json:"error"` // why the enforcer cannot be asked; empty: it could the last time
}

// EnforcedRule is how one rule stands.
type EnforcedRule struct {
	Rule      string `json:"rule"`
	Mode      string `json:"mode"`
	Plan      string `json:"plan"`       // the last that was done for it
	LastApply Time   `json:"last_apply"` //
	Confirm   Time   `json:"confirm"`    // until when that has to be confirmed; empty: it has not
	SetBack   int    `json:"set_back"`   // how often it was changed back lately
	Stopped   string `json:"stopped"`    // why it is left alone; empty: it is not
	Said      string `json:"said"`       // why the last try came to nothing
	NextTry   Time   `json:"next_try"`
}
