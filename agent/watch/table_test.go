package watch

import "testing"

func TestFoldersMayShareADescriptor(t *testing.T) {
	tb := newTable()
	a, b, c := tb.folder("/a"), tb.folder("/b"), tb.folder("/c")
	for _, f := range []*folder{a, b, c} {
		tb.watched(f, 7)
	}
	for _, tt := range []struct {
		f    *folder
		last bool
	}{{b, false}, {b, false}, {c, false}, {a, true}} {
		if last := tb.unwatched(tt.f); last != tt.last || tt.f.wd != 0 || tt.f.twin != nil {
			t.Errorf("%s: last %v, left %+v", tt.f.path, last, tt.f)
		}
	}
	if len(tb.wds) != 0 {
		t.Errorf("left: %v", tb.wds)
	}
}

func TestNamesOfAFolderAreFound(t *testing.T) {
	tb := newTable()
	f := tb.folder("/a")
	for _, name := range []string{"m", "z", "a", "m"} {
		f.spot(name)
	}
	if len(f.spots) != 3 || f.find("a").name != "a" || f.find("z").name != "z" || f.find("b") != nil {
		t.Errorf("got %v", f.spots)
	}
}
