package replace

import "errors"

// Why a file is not replaced, for errors.Is. The error itself names the path, and
// the folder or the number that is at fault.
var (
	ErrPath       = errors.New("it is not an absolute, clean path")
	ErrMissing    = errors.New("it is not there")
	ErrLink       = errors.New("a symbolic link is on the way")
	ErrNotRegular = errors.New("it is not a regular file")
	ErrHardLinked = errors.New("it has more than one name")
	ErrDevice     = errors.New("it is on another file system")
	ErrOwner      = errors.New("it belongs to another user")
	ErrFolder     = errors.New("a folder on the way is not the owner's alone")
	ErrTooLarge   = errors.New("it is too large")
	ErrChanged    = errors.New("it has been changed since it was read")
	ErrWritten    = errors.New("somebody has it open for writing")
	ErrLeftover   = errors.New("something is beside it under the name that the new content needs")
)

var refusals = []error{
	ErrPath, ErrMissing, ErrLink, ErrNotRegular, ErrHardLinked, ErrDevice, ErrOwner, ErrFolder, ErrTooLarge, ErrChanged, ErrWritten, ErrLeftover,
}

// Refused says whether err is about what the file is and who else is at it, not
// about a disk or a permission: to try again at once is of no use.
func Refused(err error) bool {
	for _, r := range refusals {
		if errors.Is(err, r) {
			return true
		}
	}
	return false
}
