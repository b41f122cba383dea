package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// maxJobsFile bounds what is read of what the enforcer says it did.
const maxJobsFile = 4 << 20

// JobsFile is where anybody may read what the enforcer did: beside its socket.
func JobsFile(socket string) string { return filepath.Join(filepath.Dir(socket), "jobs.json") }

// ReadJobs reads what the enforcer at a socket did, the newest first; none when it
// never ran.
func ReadJobs(socket string) ([]Job, error) {
	path := JobsFile(socket)
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // whatever is there, it is not waited for
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read what the enforcer did: %w", err)
	}
	defer f.Close()
	var jobs Jobs
	if err := json.NewDecoder(io.LimitReader(f, maxJobsFile)).Decode(&jobs); err != nil {
		return nil, fmt.Errorf("cannot read what the enforcer did, %q: %w", path, err)
	}
	return jobs.Jobs, nil
}
