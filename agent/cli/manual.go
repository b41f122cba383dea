package cli

import (
	"io"
	"time"

	"github.com/spf13/cobra"

	"stigwatch/agent/config"
)

// Manual is what the manual's pages are made from; packaging/manual makes them.
type Manual struct {
	Root        *cobra.Command
	Exits       []Term
	Files       []Term
	Environment []Term
}

// Term is a word and what it means.
type Term struct{ Word, Text string }

// NewManual gives the manual of this command line.
func NewManual() *Manual {
	return &Manual{
		Root: newRoot(&env{stdout: io.Discard, stderr: io.Discard, now: time.Now}),
		Exits: []Term{
			{"0", "Done, and nothing is open."},
			{"1", "Could not do it."},
			{"2", "Wrong usage."},
			{"3", "There are open findings. One that was accepted is open too."},
			{"4", "Nothing is open, but some rules are not checked or in error."},
		},
		Files: []Term{
			{config.DefaultPath, "The configuration; everything in it is optional. See stigwatch.yaml(5)."},
			{config.DefaultSitePath, "What your organisation decided: approved users, servers, routes."},
			{"/etc/stigwatch/mapping.d/", "Where on the appliance a setting lies."},
			{"/etc/stigwatch/attestations.yaml, /etc/stigwatch/waivers.yaml", "What people answer and accept."},
			{"/var/lib/stigwatch/", "The journal, and the evidence folder."},
			{defaultSocket, "Where the agent answers: root and the group stigwatch."},
			{"/var/lib/stigwatch-enforcer/", "The enforcer's log, and the bytes that undo gives back."},
		},
		Environment: []Term{
			{"NO_COLOR", "Set to anything, it switches colours off."},
		},
	}
}
