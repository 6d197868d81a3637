package main

import "os"

// requestStop ends a process: Windows has no signal to ask one that has no window.
func requestStop(process *os.Process) error {
	return process.Kill()
}
