package watch

import (
	"encoding/binary"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// raw lays an event out as the kernel does: the name padded with NUL bytes.
func raw(wd int32, mask uint32, name string) []byte {
	b := binary.NativeEndian.AppendUint32(nil, uint32(wd))
	b = binary.NativeEndian.AppendUint32(b, mask)
	b = binary.NativeEndian.AppendUint32(b, 0)
	padded := 0
	if name != "" {
		padded = (len(name)/16 + 1) * 16
	}
	b = binary.NativeEndian.AppendUint32(b, uint32(padded))
	return append(b, append([]byte(name), make([]byte, padded-len(name))...)...)
}

func TestNextEvent(t *testing.T) {
	buf := append(raw(7, unix.IN_MODIFY, "a name"), raw(8, unix.IN_DELETE_SELF, "")...)
	ev, rest, ok := nextEvent(buf)
	if !ok || ev.wd != 7 || !ev.is(unix.IN_MODIFY) || string(ev.name) != "a name" {
		t.Errorf("first is %+v, %v", ev, ok)
	}
	ev, rest, ok = nextEvent(rest)
	if !ok || ev.wd != 8 || len(ev.name) != 0 || len(rest) != 0 {
		t.Errorf("second is %+v, %v", ev, ok)
	}
	for n := range len(buf) - 16 {
		if _, _, ok := nextEvent(buf[:n]); ok && n < 32 {
			t.Errorf("%d bytes make an event", n)
		}
	}
}

func FuzzAbsorb(f *testing.F) {
	f.Add(append(raw(1, unix.IN_CLOSE_WRITE, "f"), raw(1, unix.IN_MOVED_TO, "etc")...))
	f.Add(raw(-1, unix.IN_Q_OVERFLOW, ""))
	f.Add(append(raw(1, unix.IN_DELETE_SELF, ""), raw(1, unix.IN_IGNORED, "")...))
	f.Add(append(raw(1, unix.IN_UNMOUNT, ""), raw(1, unix.IN_CREATE|unix.IN_ISDIR, "f")...))
	f.Fuzz(func(t *testing.T, buf []byte) {
		w := &Watcher{
			table: newTable(), settle: newSettle(Options{}.withDefaults()), stale: map[*target]why{},
			redo: make(chan struct{}, 1), batch: batch{limit: 10},
		}
		hops := []Hop{{"/", "root"}, {"/root", "etc"}, {"/root/etc", "f"}}
		w.table.link(&target{key: key{path: "/etc/f"}, rooted: true}, hops, "")
		w.table.link(&target{key: key{path: "/etc", dir: true}}, hops[1:2], "/root/etc")
		w.table.watched(w.table.folder("/root/etc"), 1)
		w.table.watched(w.table.folder("/root"), 2)
		w.absorb(buf, time.Unix(1e9, 0))
		w.settle.collect(time.Unix(2e9, 0), w.batch.add)
		if w.batch.empty() && len(w.stale) > 2 {
			t.Error("more targets are stale than there are")
		}
	})
}
