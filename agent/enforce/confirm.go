package enforce

import "fmt"

// Confirm keeps a plan that waits for it. The error is ErrUnknown, ErrTooLate,
// *StateError, or about the disk: then it still waits.
func (e *Engine) Confirm(id string, by Who) (Record, error) {
	e.busy.Lock()
	defer e.busy.Unlock()
	r, err := e.Plan(id)
	if err != nil {
		return r, err
	}
	if r.State != Waiting {
		return r, &StateError{id, r.State, "confirm", fmt.Sprintf("it does not wait for it, it is %s", r.State)}
	}
	if e.late(r) {
		return r, fmt.Errorf("cannot confirm plan %s: %w", id, ErrTooLate)
	}
	next := r
	next.State, next.Ended, next.ConfirmedBy = Done, e.now(), &by
	if err := e.save(next); err != nil {
		return r, err
	}
	return next, nil
}
