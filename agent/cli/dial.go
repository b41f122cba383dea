package cli

import (
	"log/slog"
	"path/filepath"

	"stigwatch/agent/api"
	"stigwatch/agent/config"
)

// Where the agent's socket is: its file in the runtime folder, and the whole
// path where nothing says otherwise.
const (
	socketName    = "stigwatch.sock"
	defaultSocket = "/run/stigwatch/" + socketName
)

// dial makes a client of the agent that the flags and the configuration name.
func (e *env) dial() (*api.Client, error) {
	socket, err := e.socket()
	if err != nil {
		return nil, err
	}
	return api.Dial(socket), nil
}

// socket asks the flags first: whoever names the socket need not be able to
// read the configuration. One that cannot be read matters only to who named it.
// Mistakes in it do not matter here: the agent lives with an older one, and
// status is where that is told.
func (e *env) socket() (string, error) {
	f := e.flags
	switch {
	case f.socket != "":
		return f.socket, nil
	case f.runtimeDir != "":
		return filepath.Join(f.runtimeDir, socketName), nil
	}
	cfg, _, err := config.LoadAll(f.config, e.options(slog.LevelWarn).Over)
	switch {
	case cfg != nil:
		return cfg.Socket, nil
	case f.config != "":
		return "", err
	}
	return defaultSocket, nil
}
