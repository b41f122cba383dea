package facts

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/lens"
	"stigwatch/agent/mapping"
)

func keyValue(fact, path, unit string, files ...string) mapping.Entry {
	return mapping.Entry{Fact: fact, Status: mapping.Documented, From: []mapping.Source{{Files: files, Lens: "keyvalue", Path: path, Unit: unit}}}
}

// wrote gives what setting a fact would make of each file.
func (f *fixture) wrote(name string, value any) (map[string]string, error) {
	s, err := f.Set(name, value)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, w := range s.Files {
		out[w.Path] = string(w.Now)
	}
	return out, nil
}

func TestSetWritesWhereTheFactIsSet(t *testing.T) {
	entry := mapping.Entry{Fact: "a.number", Status: mapping.Documented, From: []mapping.Source{
		{Files: []string{"/stack"}, Lens: "keyvalue", Path: "n"},
		{Files: []string{"/d/*.conf", "/main"}, Lens: "keyvalue", Path: "n"},
	}}
	for name, c := range map[string]struct {
		files map[string]string
		want  map[string]string
	}{
		"in the source that overrides":     {map[string]string{"/stack": "n=1\n", "/main": "n=2\n"}, map[string]string{"/stack": "n=9\n"}},
		"in the file that wins":            {map[string]string{"/stack": "x=1\n", "/d/1.conf": "n=3\n", "/main": "x=2\n"}, map[string]string{"/d/1.conf": "n=9\n"}},
		"nowhere yet: in the last source":  {map[string]string{"/stack": "x=1\n", "/d/1.conf": "x=3\n", "/main": "x=2\n"}, map[string]string{"/main": "x=2\nn=9\n"}},
		"in a source that is there":        {map[string]string{"/stack": "x=1\n"}, map[string]string{"/stack": "x=1\nn=9\n"}},
		"nothing, when it is so already":   {map[string]string{"/main": "n=9\n"}, map[string]string{}},
		"the last line, where it is twice": {map[string]string{"/main": "n=1\nn=2\n"}, map[string]string{"/main": "n=1\nn=9\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := fixtureOf(t, c.files, nil, entry)
			f.All()
			got, err := f.wrote("a.number", int64(9))
			if d := cmp.Diff(c.want, got); d != "" || err != nil {
				t.Error(err, d)
			}
		})
	}
}

func TestSetWritesInTheSourcesUnit(t *testing.T) {
	f := fixtureOf(t, map[string]string{"/s": "idle=60\nlock=1\n"}, nil,
		keyValue("a.idle_minutes", "idle", mapping.Seconds, "/s"), keyValue("a.lock_seconds", "lock", mapping.Minutes, "/s"))
	f.All()
	if got, err := f.wrote("a.idle_minutes", int64(10)); got["/s"] != "idle=600\nlock=1\n" || err != nil {
		t.Error(got, err)
	}
	if got, err := f.wrote("a.lock_seconds", int64(900)); got["/s"] != "idle=60\nlock=15\n" || err != nil {
		t.Error(got, err)
	}
	if _, err := f.wrote("a.lock_seconds", int64(100)); !errors.Is(err, ErrNotWritable) {
		t.Errorf("100 seconds in minutes: %v", err)
	}
}

func TestSetRefusesWhatCannotBeKnownOrWritten(t *testing.T) {
	guess := keyValue("a.text", "t", "", "/s")
	guess.Status = mapping.Assumed
	f := fixtureOf(t, map[string]string{"/s": "n=x\nt=1\n", "/p/proc": "1", "/x.xml": "<a><b>1</b></a>"}, nil,
		keyValue("a.number", "n", "", "/s"), guess, keyValue("a.path", "p", "", "/nowhere"),
		mapping.Entry{Fact: "a.flag", Status: mapping.Documented, From: []mapping.Source{{Files: []string{"/x.xml"}, Lens: "xml", Path: "/a/b"}}},
	)
	f.All()
	for name, value := range map[string]any{
		"a.number":       int64(1), // what stands there is no number
		"a.text":         "x",      // nobody confirmed where it lies
		"a.path":         "/x",     // no file is there
		"a.flag":         true,     // the format is only read
		"a.idle_minutes": int64(1), // not mapped
	} {
		if got, err := f.wrote(name, value); !errors.Is(err, ErrNotWritable) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	good := fixtureOf(t, map[string]string{"/s": "n=1\n", "/proc/sys/n": "n=1\n"}, nil, keyValue("a.number", "n", "", "/s"), keyValue("a.text", "n", "", "/proc/sys/n"))
	good.All()
	if got, err := good.wrote("a.number", "9"); !errors.Is(err, ErrNotWritable) {
		t.Errorf("a text for a number: %v, %v", got, err)
	}
	if got, err := good.wrote("a.text", "9"); !errors.Is(err, ErrNotWritable) {
		t.Errorf("below /proc: %v, %v", got, err)
	}
	if _, err := good.wrote("a.text", "a\nb=c"); err == nil {
		t.Error("a value with a line break")
	}
}

func TestSetRefusesALineBreakInAValue(t *testing.T) {
	f := fixtureOf(t, map[string]string{"/s": "t=1\n"}, nil, keyValue("a.text", "t", "", "/s"))
	f.All()
	if got, err := f.wrote("a.text", "a\nroot=1"); !errors.Is(err, lens.ErrCannotWrite) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestWhatIsLaidOverAFileIsReadInItsPlace(t *testing.T) {
	f := fixtureOf(t, map[string]string{"/s": "n=1\n"}, nil, keyValue("a.number", "n", "", "/s"))
	snap, _ := f.All()
	real := f.o.Host
	f.Reopen(real.With(map[string][]byte{"/s": []byte("n=2\n")}), nil)
	over, c := f.Update([]string{"/s"})
	if len(c.Values) != 1 || over["a.number"].Value != int64(2) || snap["a.number"].Value != int64(1) {
		t.Errorf("%+v %+v", c, over["a.number"])
	}
	f.Reopen(real, nil)
	if back, _ := f.Update([]string{"/s"}); back["a.number"].Value != int64(1) {
		t.Errorf("%+v", back["a.number"])
	}
}
