package config

import (
	"net/mail"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"stigwatch/agent/strict"
)

var (
	hostForm  = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?)*$`)
	lineForm  = regexp.MustCompile(`^\d+\.\d+$`)
	buildForm = regexp.MustCompile(`^\d+\.\d+\.\d+$`)
)

// check looks for what the types alone do not show.
func (s *Site) check(d *strict.Doc) {
	if n := s.MaxSSHSessions; n != nil && (*n < 1 || *n > 10) {
		d.Wrong("max_ssh_sessions", "%d is not from 1 to 10, which is what the product takes", *n)
	}
	someOf(d, "banner_texts", s.BannerTexts)
	checkTexts(d, "banner_texts", s.BannerTexts)
	checkTexts(d, "approved_users", s.ApprovedUsers)
	checkTexts(d, "approved_os_accounts", s.ApprovedOSAccounts)
	someOf(d, "syslog_servers", s.SyslogServers)
	for i, v := range s.SyslogServers {
		v.check(d, item("syslog_servers", i))
	}
	unique(d, "syslog_servers", s.SyslogServers)
	for i, v := range s.ApprovedRoutes {
		v.check(d, item("approved_routes", i))
	}
	unique(d, "approved_routes", s.ApprovedRoutes)
	someOf(d, "approved_cas", s.ApprovedCAs)
	checkTexts(d, "approved_cas", s.ApprovedCAs)
	for i, v := range s.LiteralReadings {
		if !ruleForm.MatchString(v) {
			d.Wrong(item("literal_readings", i), "%q is not a rule: write it like V-250984", v)
		}
	}
	unique(d, "literal_readings", s.LiteralReadings)
	if s.SupportedReleases != nil {
		s.SupportedReleases.check(d, "supported_releases")
	}
	s.checkNetwork(d)
	if s.AlertRecipients != nil {
		s.AlertRecipients.check(d, "alert_recipients")
	}
}

// checkNetwork looks at what the site says of the network around the appliance.
func (s *Site) checkNetwork(d *strict.Doc) {
	checkList(d, "ntp_servers", s.NTPServers, checkTimeServer)
	checkAddress(d, "management_address", s.ManagementAddress)
	checkList(d, "management_ranges", s.ManagementRanges, checkRange)
	if s.UEMKind != "core" && s.UEMKind != "neurons" && d.Has("uem_kind") {
		d.Wrong("uem_kind", "%q is not a kind of UEM: write core or neurons", s.UEMKind)
	}
	checkList(d, "uem_addresses", s.UEMAddresses, checkAddress)
	checkList(d, "listening_ports", s.ListeningPorts, func(d *strict.Doc, key string, v Port) {
		checkPort(d, key, v.Port, v.Protocol)
	})
}

// checkList demands at least one item, each of them good and there once.
func checkList[T comparable](d *strict.Doc, key string, list []T, check func(d *strict.Doc, key string, v T)) {
	someOf(d, key, list)
	for i, v := range list {
		check(d, item(key, i), v)
	}
	unique(d, key, list)
}

// someOf refuses an empty list where it would make a rule pass, or fail, for
// want of anything to compare with.
func someOf[T any](d *strict.Doc, key string, list []T) {
	if list != nil && len(list) == 0 {
		d.Wrong(key, "the list is empty: name at least one, or remove the key while that is undecided")
	}
}

// unique finds what stands in a list twice.
func unique[T comparable](d *strict.Doc, key string, list []T) {
	seen := map[T]int{}
	for i, v := range list {
		if first, ok := seen[v]; ok {
			d.Wrong(item(key, i), "it is the same as %s: remove one", item(key, first))
			continue
		}
		seen[v] = i
	}
}

func checkTexts(d *strict.Doc, key string, list []string) {
	for i, v := range list {
		switch {
		case strings.TrimSpace(v) == "":
			d.Wrong(item(key, i), "it is empty: remove it")
		case key != "banner_texts" && strings.TrimSpace(v) != v:
			d.Wrong(item(key, i), "%q begins or ends with white space: remove that", v)
		}
	}
	unique(d, key, list)
}

func (v Server) check(d *strict.Doc, key string) {
	if _, err := netip.ParseAddr(v.Host); err != nil && !isHostName(v.Host) && d.Has(key+".host") {
		d.Wrong(key+".host", "%q is neither a host name nor an address: the port has its own key", v.Host)
	}
	checkPort(d, key, v.Port, v.Protocol)
}

// checkPort looks at the keys port and protocol below key.
func checkPort(d *strict.Doc, key string, port int64, protocol string) {
	if (port < 1 || port > 65535) && d.Has(key+".port") {
		d.Wrong(key+".port", "%d is not from 1 to 65535", port)
	}
	if protocol != "udp" && protocol != "tcp" && d.Has(key+".protocol") {
		d.Wrong(key+".protocol", "%q is not a protocol: write udp or tcp", protocol)
	}
}

// isHostName tells whether v has the form of a host name; so has 192.0.2.300.
func isHostName(v string) bool { return hostForm.MatchString(v) && len(v) <= 253 }

// checkTimeServer takes a name or an address. What is all digits and dots was
// meant as an address.
func checkTimeServer(d *strict.Doc, key, v string) {
	if strings.Trim(v, "0123456789.") != "" && isHostName(v) {
		return
	}
	if _, err := netip.ParseAddr(v); err != nil {
		d.Wrong(key, "%q is neither a host name nor an address", v)
		return
	}
	checkAddress(d, key, v)
}

// checkAddress demands the one way of writing an address, since rules compare
// texts.
func checkAddress(d *strict.Doc, key, v string) {
	a, err := netip.ParseAddr(v)
	switch {
	case !d.Has(key):
	case err != nil || a.Zone() != "":
		d.Wrong(key, "%q is not an address: write it like 192.0.2.1", v)
	case a.Unmap().String() != v:
		d.Wrong(key, "%q is not how this address is written: write %s", v, a.Unmap())
	case a.IsUnspecified():
		d.Wrong(key, "%q stands for any address: write the one that is meant", v)
	}
}

// checkRange demands the one way of writing a network, and that it leaves
// somebody out.
func checkRange(d *strict.Doc, key, v string) {
	n, err := netip.ParsePrefix(v)
	switch {
	case err != nil:
		d.Wrong(key, "%q is not a network: write it like 192.0.2.0/24, a single address as 192.0.2.1/32", v)
	case n.Masked().String() != v:
		d.Wrong(key, "%q is not how this network is written: write %s", v, n.Masked())
	case n.Bits() == 0:
		d.Wrong(key, "%q is every address there is: write the networks that are meant", v)
	}
}

// check demands the one way of writing each, since rules compare texts.
func (v Route) check(d *strict.Doc, key string) {
	network, netErr := netip.ParsePrefix(v.Destination)
	switch {
	case !d.Has(key + ".destination"):
	case netErr != nil:
		d.Wrong(key+".destination", "%q is not a network: write it like 192.0.2.0/24, the default route as 0.0.0.0/0", v.Destination)
	case network.Masked().String() != v.Destination:
		d.Wrong(key+".destination", "%q is not how this network is written: write %s", v.Destination, network.Masked())
	}
	via, viaErr := netip.ParseAddr(v.Via)
	switch {
	case !d.Has(key + ".via"):
	case viaErr != nil || via.Zone() != "":
		d.Wrong(key+".via", "%q is not an address: write it like 192.0.2.1", v.Via)
	case via.String() != v.Via:
		d.Wrong(key+".via", "%q is not how this address is written: write %s", v.Via, via)
	case netErr == nil && via.Is4() != network.Addr().Is4():
		d.Wrong(key+".via", "the gateway and its destination are not of the same family: one is IPv4, the other IPv6")
	}
}

func (r *Recipients) check(d *strict.Doc, key string) {
	for _, role := range []struct {
		name string
		list []string
	}{{"isso", r.ISSO}, {"issm", r.ISSM}, {"sca", r.SCA}} {
		checkList(d, key+"."+role.name, role.list, checkMail)
	}
}

// checkMail takes an address and nothing around it.
func checkMail(d *strict.Doc, key, v string) {
	if a, err := mail.ParseAddress(v); err != nil || a.Address != v {
		d.Wrong(key, "%q is not a mail address: write it like isso@lab.example, without name and brackets", v)
	}
}

func (r *Releases) check(d *strict.Doc, key string) {
	if _, err := time.Parse(time.DateOnly, r.AsOf); err != nil && d.Has(key+".as_of") {
		d.Wrong(key+".as_of", "%q is not a date: write it like 2026-11-20", r.AsOf)
	}
	key += ".lines"
	someOf(d, key, r.Lines)
	for i, v := range r.Lines {
		line, from := item(key, i)+".line", item(key, i)+".from"
		if !lineForm.MatchString(v.Line) && d.Has(line) {
			d.Wrong(line, "%q is not a line of releases: write it like 10.7", v.Line)
		}
		switch {
		case !d.Has(from):
		case !buildForm.MatchString(v.From):
			d.Wrong(from, "%q is not a release: write it like 10.7.1", v.From)
		case lineForm.MatchString(v.Line) && !strings.HasPrefix(v.From, v.Line+"."):
			d.Wrong(from, "%q is not of the line %s", v.From, v.Line)
		}
	}
	unique(d, key, r.Lines)
}
