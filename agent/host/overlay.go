package host

import "path"

// With gives a view of the same appliance in which these files, by their clean
// path inside the root, hold other bytes: what would be read if they were written.
// Only Read looks at them; a file has to be there to be overlaid. Closing the view
// closes nothing.
func (h *Host) With(files map[string][]byte) *Host {
	view := *h
	view.over, view.view = files, true
	return &view
}

// overlaid gives the file that stands over p; nil when none does.
func (h *Host) overlaid(p string) *File {
	if len(h.over) == 0 {
		return nil
	}
	b, ok := h.over[path.Clean(p)]
	if !ok {
		return nil
	}
	return &File{Bytes: b, Digest: Digest(b), Size: int64(len(b)), Mode: 0o644, Resolved: path.Clean(p)}
}
