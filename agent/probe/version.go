package probe

import "fmt"

// version is a protocol version as it stands on the wire.
type version uint16

const (
	ssl3  version = 0x0300
	tls10 version = 0x0301
	tls11 version = 0x0302
	tls12 version = 0x0303
	tls13 version = 0x0304
)

var versions = [...]version{ssl3, tls10, tls11, tls12, tls13}

// String names the version as Apache's SSLProtocol and Java do.
func (v version) String() string {
	switch v {
	case ssl3:
		return "SSLv3"
	case tls10:
		return "TLSv1"
	case tls11:
		return "TLSv1.1"
	case tls12:
		return "TLSv1.2"
	case tls13:
		return "TLSv1.3"
	}
	return fmt.Sprintf("version %#04x", uint16(v))
}
