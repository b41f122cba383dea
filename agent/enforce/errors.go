package enforce

import "fmt"

// FailedError says that a job was begun and taken back. Record tells which step
// failed and how far the way back came: restored, conflict, or a state that is not
// final, when the disk refused that too and Recover has to be called. In the state
// judged everything was in order but the ledger's disk, and it is new.
type FailedError struct {
	Record Record
	Err    error
}

func (e *FailedError) Error() string {
	end := "everything has been restored"
	switch e.Record.State {
	case Restored:
	case Conflict:
		end = "somebody else has written a file meanwhile, which was left as it is"
	case Judged:
		end = "it stands, and has to be recovered"
	default:
		end = "it could not be taken back yet"
	}
	return fmt.Sprintf("cannot apply plan %s: %s: %s; %s", e.Record.ID, e.Record.Failed.Step, e.Err, end)
}

func (e *FailedError) Unwrap() error { return e.Err }

// SchemaError says that the state folder is of a stigwatch that came after this one. It
// is left as it is, and nothing is written anywhere.
type SchemaError struct {
	Dir string
	Has uint64 // its schema
}

func (e *SchemaError) Error() string {
	return fmt.Sprintf("it is left as it is: it has schema %d, of a newer stigwatch, and this one knows schema %d: install that one again; or, while stigwatch-enforcer "+
		"is stopped, move %q away: then a fresh log is begun, and what was written before can be undone by the newer stigwatch alone", e.Has, schema, e.Dir)
}

// EditedError says that a file no longer holds what a plan wrote. The bytes are
// for a diff; they may hold secrets.
type EditedError struct {
	ID, Path   string
	Wrote, Now string // digests
	WroteBytes []byte
	NowBytes   []byte
}

func (e *EditedError) Error() string {
	return fmt.Sprintf("cannot undo plan %s: %q has been edited since: it is %s and was written as %s", e.ID, e.Path, e.Now, e.Wrote)
}

// NewerError says that a newer plan stands on a file of an older one.
type NewerError struct {
	ID, Path, Newer string
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("cannot undo plan %s: plan %s has written %q after it, undo that one first", e.ID, e.Newer, e.Path)
}

// WaitingError says that a file is part of a plan that waits to be confirmed.
type WaitingError struct {
	Path, Waits string
}

func (e *WaitingError) Error() string {
	return fmt.Sprintf("cannot change %q: plan %s, which wrote it, waits to be confirmed or undone", e.Path, e.Waits)
}

// StateError says that a plan is in no state for what was asked.
type StateError struct {
	ID    string
	State State
	Asked string // "undo" or "confirm"
	Why   string
}

func (e *StateError) Error() string {
	return fmt.Sprintf("cannot %s plan %s: %s", e.Asked, e.ID, e.Why)
}
