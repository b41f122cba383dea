package lens

import (
	"crypto/x509"
	"strings"
	"testing"
)

// testLeaf and testCA are a server's certificate and its issuer's, made for
// these tests; nobody has kept the keys.
const testLeaf = `-----BEGIN CERTIFICATE-----
MIIBPTCB4wIBAjAKBggqhkjOPQQDAjAjMRAwDgYDVQQKDAdFeGFtcGxlMQ8wDQYD
VQQDDAZMYWIgQ0EwIBcNMjYxMTIzMTExMTE0WhgPMjEyNjEwMzAxMTExMTRaMDAx
EDAOBgNVBAoMB0V4YW1wbGUxHDAaBgNVBAMME3NlbnRyeTEubGFiLmV4YW1wbGUw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASZi0XVQl63oeoXXO38eD48oKLd+abi
4+GkaXmv1Qr3Oue+9UBwqHaQd/cLEYYrzJ+Vcdul3Pj/aQY315bOWD4cMAoGCCqG
SM49BAMCA0kAMEYCIQCJ/uP0MPLzWXppA5fmHG+mBJ3NwU2YprvoHvFZQ6tsSwIh
AKvjGo4Ip8ffXSDmqe58uBCx8Zg8uvfZAtRzi80iCOPp
-----END CERTIFICATE-----
`

const testCA = `-----BEGIN CERTIFICATE-----
MIIBnTCCAUOgAwIBAgIUUOQvVWm/yQR3cGljfaeZgrQCMmowCgYIKoZIzj0EAwIw
IzEQMA4GA1UECgwHRXhhbXBsZTEPMA0GA1UEAwwGTGFiIENBMCAXDTI2MTEyMzEx
MTExNFoYDzIxMjYxMDMwMTExMTE0WjAjMRAwDgYDVQQKDAdFeGFtcGxlMQ8wDQYD
VQQDDAZMYWIgQ0EwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASlHSerga2DKwCV
PT6y4W8ctFu3NSRCXcok5erznltfSoefZOPyY2je4yI0nE5A4jmXJGI2jngPkVmn
BCiaoKywo1MwUTAdBgNVHQ4EFgQU9guiCi+vqwphkmOY9iD/pFTlcIkwHwYDVR0j
BBgwFoAU9guiCi+vqwphkmOY9iD/pFTlcIkwDwYDVR0TAQH/BAUwAwEB/zAKBggq
hkjOPQQDAgNIADBFAiEAr/3tze4O/tFGoA3BzZc6iaYiNjQioWjsodBiVDETPAYC
IBZiOcrx/NGQ/aPTW7p7gqCZXf23ramuANr3Jm+OXn6V
-----END CERTIFICATE-----
`

const testChain = testLeaf + testCA

func TestPEMGivesLeafAndChain(t *testing.T) {
	key := "-----BEGIN EC PRIVATE KEY-----\nc2VjcmV0\n-----END EC PRIVATE KEY-----\n"
	text := key + "a comment\n" + testChain
	vs := ask(t, PEM{}, Query{Path: "leaf"}, text)
	if len(vs) != 2 {
		t.Fatalf("%d certificates", len(vs))
	}
	cert, err := x509.ParseCertificate(vs[0].DER)
	if err != nil || cert.Subject.CommonName != "sentry1.lab.example" {
		t.Errorf("the leaf is %v, %v", cert, err)
	}
	if vs[0].Fields["subject"] != "CN=sentry1.lab.example,O=Example" || vs[0].Fields["issuer"] != "CN=Lab CA,O=Example" {
		t.Errorf("fields: %v", vs[0].Fields)
	}
	if vs[0].Line != 5 || vs[1].Fields["subject"] != "CN=Lab CA,O=Example" {
		t.Errorf("got %+v", vs)
	}
	for _, v := range vs {
		if strings.Contains(v.Raw+v.Text, "c2VjcmV0") || strings.Contains(text[v.Start:v.End], "KEY") {
			t.Error("a private key is in the value")
		}
	}
}

func TestPEMRefuses(t *testing.T) {
	body := strings.Split(testLeaf, "\n")
	cases := map[string]string{
		"no base64":       strings.Replace(testLeaf, body[2], "?"+body[2], 1),
		"no certificate":  "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"cut off":         strings.Join(body[:4], "\n"),
		"end only":        "-----END CERTIFICATE-----\n",
		"begin in block":  strings.Join(body[:4], "\n") + "\n" + testLeaf,
		"trusted":         strings.ReplaceAll(testLeaf, "CERTIFICATE", "TRUSTED CERTIFICATE"),
		"one line is off": strings.Replace(testLeaf, body[2]+"\n", "", 1),
	}
	for name, text := range cases {
		refuses(t, name, PEM{}, Query{Path: "leaf"}, text)
	}
	if vs := ask(t, PEM{}, Query{Path: "leaf"}, "no certificate here\n"); vs != nil {
		t.Errorf("got %v", vs)
	}
}
