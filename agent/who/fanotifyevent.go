package who

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// heard is one event of fanotify.
type heard struct {
	pid  int
	path string // "": of no folder that is marked, or lost
	id   fileID
}

// Sizes of fanotify(7)'s structures: the metadata; an information record's header
// and file system id; the handle's own size and type behind them.
const (
	metadataSize = unix.FAN_EVENT_METADATA_LEN
	infoHeader   = 4 + 8
	handleHeader = 4 + 4
)

// decode gives the events in a buffer. It closes the descriptors that come with
// them, after looking what they are.
func (f *fanotify) decode(b []byte) iter.Seq[heard] {
	return func(yield func(heard) bool) {
		for len(b) >= metadataSize {
			length := int(binary.NativeEndian.Uint32(b))
			if length < metadataSize || length > len(b) || b[4] != unix.FANOTIFY_METADATA_VERSION {
				return
			}
			fd := int(int32(binary.NativeEndian.Uint32(b[16:])))
			e := heard{pid: int(int32(binary.NativeEndian.Uint32(b[20:])))}
			switch {
			case fd >= 0:
				e.path, e.id = pathOf(fd)
				unix.Close(fd)
			default:
				header := int(binary.NativeEndian.Uint16(b[6:]))
				if header >= metadataSize && header <= length {
					e.path = pathNamed(b[header:length], f.folders)
				}
			}
			if !yield(e) {
				return
			}
			b = b[length:]
		}
	}
}

// pathNamed reads the information records that Linux 5.9 brought: the folder's handle
// with the name in it.
func pathNamed(b []byte, folders map[string]string) string {
	for len(b) >= infoHeader+handleHeader {
		length := int(binary.NativeEndian.Uint16(b[2:]))
		if length < infoHeader+handleHeader || length > len(b) {
			return ""
		}
		info := b[:length]
		b = b[length:]
		if info[0] != unix.FAN_EVENT_INFO_TYPE_DFID_NAME {
			continue
		}
		size := uint64(binary.NativeEndian.Uint32(info[infoHeader:]))
		if size > uint64(length-infoHeader-handleHeader) {
			return ""
		}
		handle := info[infoHeader+handleHeader:]
		name, _, _ := bytes.Cut(handle[size:], []byte{0})
		dir := folders[handleKey(
			int32(binary.NativeEndian.Uint32(info[4:])), int32(binary.NativeEndian.Uint32(info[8:])),
			int32(binary.NativeEndian.Uint32(info[infoHeader+4:])), handle[:size])]
		if dir == "" || len(name) == 0 {
			return ""
		}
		return filepath.Join(dir, string(name))
	}
	return ""
}

func handleKey(fs0, fs1, kind int32, handle []byte) string {
	return fmt.Sprintf("%x.%x.%x.%x", fs0, fs1, kind, handle)
}
