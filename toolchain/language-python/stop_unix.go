//go:build !windows

package main

import (
	"os"
	"syscall"
)

// requestStop asks a process to end.
func requestStop(process *os.Process) error {
	return process.Signal(syscall.SIGTERM)
}
