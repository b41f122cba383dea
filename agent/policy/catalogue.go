package policy

// entry is one rule of the two benchmarks. Rego cannot add to this list or take
// from it: a rule that gives no result is notchecked, never forgotten.
type entry struct {
	id        string
	benchmark string
	title     string // while there is no policy, whose METADATA has the title
}

// catalogue is the two DISA benchmarks for Sentry 9.x: 26 NDM rules and 32 ALG
// rules, the same in V1R1, V2R1 and V3R1. Titles are our own words.
func catalogue() []entry {
	return []entry{
		{"V-250982", "ndm", ""},
		{"V-250983", "ndm", "System Manager is reached over its own management interface"},
		{"V-250984", "ndm", ""},
		{"V-250985", "ndm", "Only the UEM may steer Sentry: source verification, addresses and access list"},
		{"V-250986", "ndm", ""},
		{"V-250987", "ndm", ""},
		{"V-250988", "ndm", "Administrators sign in with a certificate"},
		{"V-250989", "ndm", ""},
		{"V-250990", "ndm", ""},
		{"V-250991", "ndm", ""},
		{"V-250992", "ndm", ""},
		{"V-250993", "ndm", ""},
		{"V-250994", "ndm", "Certificates map to administrators by their EDIPI"},
		{"V-250995", "ndm", ""},
		{"V-250996", "ndm", ""},
		{"V-250997", "ndm", "Session identifiers come from a FIPS random number generator"},
		{"V-250998", "ndm", "Alert Configuration sends audit failures at once"},
		{"V-250999", "ndm", ""},
		{"V-251000", "ndm", ""},
		{"V-251001", "ndm", "Remote maintenance is encrypted with FIPS algorithms"},
		{"V-251002", "ndm", ""},
		{"V-251003", "ndm", ""},
		{"V-251004", "ndm", "The appliance is backed up on a schedule"},
		{"V-251005", "ndm", ""},
		{"V-251006", "ndm", ""},
		{"V-251007", "ndm", ""},
		{"V-251008", "alg", "The UEM defines the Sentry service and blocks unregistered devices"},
		{"V-251009", "alg", "Sentry configurations reach the right devices by label"},
		{"V-251010", "alg", "A compromised device loses mail and apps"},
		{"V-251011", "alg", "Remote access is encrypted by FIPS-validated cryptography"},
		{"V-251012", "alg", "Private keys are kept by FIPS-approved means"},
		{"V-251013", "alg", ""},
		{"V-251014", "alg", "Remote access is kept whole by FIPS-validated cryptography"},
		{"V-251015", "alg", "Audit records say what happened"},
		{"V-251016", "alg", "Audit records say when it happened"},
		{"V-251017", "alg", "Audit records say where it happened"},
		{"V-251018", "alg", "Audit records say where it came from"},
		{"V-251019", "alg", "Audit records say how it ended"},
		{"V-251020", "alg", "Audit records say who it was"},
		{"V-251021", "alg", "ISSO and SCA hear of a failing audit"},
		{"V-251022", "alg", "Only approved ports and protocols are open"},
		{"V-251023", "alg", "The UEM trusts a directory server"},
		{"V-251024", "alg", "Devices reach approved backend servers only"},
		{"V-251025", "alg", "Devices authenticate with a certificate"},
		{"V-251026", "alg", "Device sign-in resists replay: TLS 1.2 on all four legs"},
		{"V-251027", "alg", "Certificates are validated on all four TLS legs"},
		{"V-251028", "alg", "Device certificates map to users"},
		{"V-251029", "alg", "Idle tunnels end within 15 minutes"},
		{"V-251030", "alg", "Audit records leave for a central log server"},
		{"V-251031", "alg", "Remote users need a second factor"},
		{"V-251032", "alg", "Only approved authorities may issue device certificates"},
		{"V-251033", "alg", "Sentry stands behind a load balancer"},
		{"V-251034", "alg", ""},
		{"V-251035", "alg", "Errors are told to ISSO, ISSM and SCA only"},
		{"V-251036", "alg", "Hashes come from FIPS-validated cryptography"},
		{"V-251037", "alg", "Signatures come from FIPS-validated cryptography"},
		{"V-251038", "alg", "Encryption comes from FIPS-validated cryptography"},
		{"V-251039", "alg", "Audit records leave in real time"},
	}
}
