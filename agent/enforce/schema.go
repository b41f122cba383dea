package enforce

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// schema is of all that stands in the state folder. Whoever changes that raises it,
// and brings older folders there before anything else is done with them.
const schema = 1

const schemaFile = "schema.json"

// mark is what schemaFile holds. A later stigwatch may put more there.
type mark struct {
	Schema uint64 `json:"schema"`
}

// known refuses a state folder of a newer stigwatch: what it left in the middle, and
// what it meant by a state, this one would have to guess. A folder without a mark is of
// schema 1.
func known(dir string) error {
	path := filepath.Join(dir, schemaFile)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		_ = writeMark(path) // on a full disk there is none, and one can still undo
		return nil
	}
	m := mark{}
	if err == nil {
		err = json.Unmarshal(b, &m)
	}
	if err == nil && m.Schema == 0 {
		err = errors.New("it names no schema")
	}
	switch {
	case err != nil:
		return fmt.Errorf("cannot tell what wrote it: cannot read %q: %w: remove that file if no newer stigwatch was here", path, err)
	case m.Schema > schema:
		return &SchemaError{Dir: dir, Has: m.Schema}
	}
	return nil
}

func writeMark(path string) error {
	b, err := json.Marshal(mark{Schema: schema})
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path+".new"))
	}
	return os.Rename(path+".new", path)
}
