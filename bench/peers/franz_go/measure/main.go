// Runs one program to its end and prints, as one line of JSON, what the kernel says it cost: wall time from before the
// start to after the exit, CPU time of it and its children, largest resident size, exit status. It is no part of
// what is measured: it only waits.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: measure OUTPUT_FILE PROGRAM [ARGUMENT...]")
		os.Exit(2)
	}
	output, err := os.Create(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	command := exec.Command(os.Args[2], os.Args[3:]...)
	command.Stdout, command.Stderr = output, output
	started := time.Now()
	err = command.Run()
	wall := time.Since(started)
	if command.ProcessState == nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	usage := command.ProcessState.SysUsage().(*syscall.Rusage)
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"exitStatus":   command.ProcessState.ExitCode(),
		"wallMs":       float64(wall) / float64(time.Millisecond),
		"userMs":       float64(command.ProcessState.UserTime()) / float64(time.Millisecond),
		"systemMs":     float64(command.ProcessState.SystemTime()) / float64(time.Millisecond),
		"peakRssBytes": usage.Maxrss * 1024,
	})
}
