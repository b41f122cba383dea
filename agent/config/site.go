package config

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"path/filepath"

	"stigwatch/agent/strict"
)

// DefaultSitePath is where the site profile is when nobody says otherwise.
const DefaultSitePath = "/etc/stigwatch/site.yaml"

// Site is the site profile: the organisation-defined values that rules need. A
// nil pointer or slice is a value that nobody has set, which is not the same as
// an empty list.
type Site struct {
	MaxSSHSessions     *int64    `key:"max_ssh_sessions"`
	BannerTexts        []string  `key:"banner_texts"`
	ApprovedUsers      []string  `key:"approved_users"`
	ApprovedOSAccounts []string  `key:"approved_os_accounts"`
	SyslogServers      []Server  `key:"syslog_servers"`
	ApprovedRoutes     []Route   `key:"approved_routes"`
	ApprovedCAs        []string  `key:"approved_cas"` // files as they are written
	AcceptTLS13        bool      `key:"accept_tls13"`
	LiteralReadings    []string  `key:"literal_readings"`
	SupportedReleases  *Releases `key:"supported_releases"`

	NTPServers        []string    `key:"ntp_servers"`
	ManagementAddress string      `key:"management_address"` // empty: not set
	ManagementRanges  []string    `key:"management_ranges"`  // CIDR
	UEMKind           string      `key:"uem_kind"`           // core, neurons; empty: not set
	UEMAddresses      []string    `key:"uem_addresses"`
	ListeningPorts    []Port      `key:"listening_ports"`
	AlertRecipients   *Recipients `key:"alert_recipients"`

	CAs    *x509.CertPool // of ApprovedCAs; nil when they are not set
	Digest string         // "sha256:…" of the file and the certificates
	Files  Files          // the file and those of the certificates
}

// Server is a central log server.
type Server struct {
	Host     string `key:"host,required"`
	Port     int64  `key:"port,required"`
	Protocol string `key:"protocol,required"` // udp, tcp
}

// Route is an approved route through a gateway.
type Route struct {
	Destination string `key:"destination,required"` // CIDR
	Via         string `key:"via,required"`
}

// Releases is a table of supported releases.
type Releases struct {
	AsOf  string        `key:"as_of,required"` // YYYY-MM-DD
	Lines []ReleaseLine `key:"lines,required"`
}

// ReleaseLine is one supported line, from its first supported build.
type ReleaseLine struct {
	Line string `key:"line,required"` // MAJOR.MINOR
	From string `key:"from,required"` // MAJOR.MINOR.PATCH
}

// Port is a port that may be open to the network.
type Port struct {
	Protocol string `key:"protocol,required"` // tcp, udp
	Port     int64  `key:"port,required"`
}

// Recipients are the mail addresses that alerts go to, by role.
type Recipients struct {
	ISSO []string `key:"isso,required"`
	ISSM []string `key:"issm,required"`
	SCA  []string `key:"sca,required"`
}

// LoadSite reads a site profile; no path is DefaultSitePath. One that is not at
// the default place sets no value. The error, if any, is a strict.Mistakes.
func LoadSite(path string) (*Site, error) {
	if path == "" {
		path = DefaultSitePath
	}
	s, wrong := loadSite(path, path != DefaultSitePath)
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	return s, nil
}

// loadSite does what LoadSite does; named tells that somebody named the file,
// so that it has to be there.
func loadSite(path string, named bool) (*Site, strict.Mistakes) {
	b, err := strict.ReadFile(path)
	if err != nil && (named || !errors.Is(err, fs.ErrNotExist)) {
		return nil, strict.Mistakes{{File: path, Msg: strict.Cannot("read", err)}}
	}
	s, d := parseSite(path, b)
	s.readCAs(d, filepath.Dir(path))
	return s, d.Mistakes()
}

// parseSite makes the profile of the file's bytes, looking at no other file.
func parseSite(path string, b []byte) (*Site, *strict.Doc) {
	s := &Site{Digest: strict.Digest(b)}
	s.Files = Files{path: s.Digest}
	d := strict.Decode(path, b, s)
	s.check(d)
	return s, d
}

// Data is what Rego sees as data.site: the values that are set, and the
// switches, which always have a value. Of the approved authorities it names the
// files; whether a certificate is theirs is judged in Go.
func (s *Site) Data() map[string]any {
	data := map[string]any{"accept_tls13": s.AcceptTLS13, "literal_readings": each(s.LiteralReadings, text)}
	if s.MaxSSHSessions != nil {
		data["max_ssh_sessions"] = *s.MaxSSHSessions
	}
	put(data, "banner_texts", s.BannerTexts, text)
	put(data, "approved_users", s.ApprovedUsers, text)
	put(data, "approved_os_accounts", s.ApprovedOSAccounts, text)
	put(data, "approved_cas", s.ApprovedCAs, text)
	put(data, "syslog_servers", s.SyslogServers, func(v Server) any {
		return map[string]any{"host": v.Host, "port": v.Port, "protocol": v.Protocol}
	})
	put(data, "approved_routes", s.ApprovedRoutes, func(v Route) any {
		return map[string]any{"destination": v.Destination, "via": v.Via}
	})
	if r := s.SupportedReleases; r != nil {
		data["supported_releases"] = map[string]any{"as_of": r.AsOf, "lines": each(r.Lines, func(v ReleaseLine) any {
			return map[string]any{"line": v.Line, "from": v.From}
		})}
	}
	s.putNetwork(data)
	if r := s.AlertRecipients; r != nil {
		data["alert_recipients"] = map[string]any{"isso": each(r.ISSO, text), "issm": each(r.ISSM, text), "sca": each(r.SCA, text)}
	}
	return data
}

// putNetwork sets what the site says of the network around the appliance.
func (s *Site) putNetwork(data map[string]any) {
	if s.ManagementAddress != "" {
		data["management_address"] = s.ManagementAddress
	}
	if s.UEMKind != "" {
		data["uem_kind"] = s.UEMKind
	}
	put(data, "ntp_servers", s.NTPServers, text)
	put(data, "management_ranges", s.ManagementRanges, text)
	put(data, "uem_addresses", s.UEMAddresses, text)
	put(data, "listening_ports", s.ListeningPorts, func(v Port) any {
		return map[string]any{"protocol": v.Protocol, "port": v.Port}
	})
}

func text(s string) any { return s }

// put sets key when the list is set.
func put[T any](data map[string]any, key string, list []T, of func(T) any) {
	if list != nil {
		data[key] = each(list, of)
	}
}

func each[T any](list []T, of func(T) any) []any {
	out := make([]any, 0, len(list))
	for _, v := range list {
		out = append(out, of(v))
	}
	return out
}
