// Command stigwatch watches the configuration of an Ivanti Standalone Sentry
// appliance and judges it against its two DISA STIGs.
package main

import (
	"context"
	"os"

	"stigwatch/agent/cli"
)

func main() {
	os.Exit(cli.Run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
