package probe

import (
	"errors"
	"fmt"
)

const (
	levelWarning = 1
	levelFatal   = 2

	alertCloseNotify      = 0
	alertHandshakeFailure = 40
	alertProtocolVersion  = 70
)

// alertNames are those that a server may send before the handshake is over.
var alertNames = map[byte]string{
	alertCloseNotify:      "close_notify",
	10:                    "unexpected_message",
	20:                    "bad_record_mac",
	22:                    "record_overflow",
	alertHandshakeFailure: "handshake_failure",
	43:                    "unsupported_certificate",
	47:                    "illegal_parameter",
	50:                    "decode_error",
	51:                    "decrypt_error",
	alertProtocolVersion:  "protocol_version",
	71:                    "insufficient_security",
	80:                    "internal_error",
	86:                    "inappropriate_fallback",
	90:                    "user_canceled",
	109:                   "missing_extension",
	110:                   "unsupported_extension",
	112:                   "unrecognized_name",
	116:                   "certificate_required",
	120:                   "no_application_protocol",
}

// alert is the peer's word that this goes no further.
type alert struct {
	level, code byte
}

func (a alert) Error() string {
	name, ok := alertNames[a.code]
	if !ok {
		name = "number"
	}
	return fmt.Sprintf("the server sent the alert %s (%d)", name, a.code)
}

// judge gives an error if nothing is to be expected after the alert. A warning
// such as unrecognized_name is followed by the ServerHello. protocol_version is
// always fatal, whatever its level says (RFC 5246 section 7.2.2, RFC 8446
// section 6).
func (a alert) judge() error {
	switch {
	case a.level != levelWarning && a.level != levelFatal:
		return errMalformed
	case a.level == levelFatal, a.code == alertProtocolVersion, a.code == alertCloseNotify:
		return a
	}
	return nil
}

func isAlert(err error, code byte) bool {
	var a alert
	return errors.As(err, &a) && a.code == code
}
