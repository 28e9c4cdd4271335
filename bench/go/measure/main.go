// Runs one program to its end and prints, as one line of JSON, what the kernel says it cost: wall time from before the
// start to after the exit, CPU time of it and its children, largest resident size of one process, exit status (-1:
// it took too long and was killed). It is no part of what is measured: it only waits.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: measure OUTPUT_FILE LONGEST PROGRAM [ARGUMENT...]")
		os.Exit(2)
	}
	longest, err := time.ParseDuration(os.Args[2])
	if err != nil {
		fail(err)
	}
	output, err := os.Create(os.Args[1])
	if err != nil {
		fail(err)
	}
	command := exec.Command(os.Args[3], os.Args[4:]...)
	command.Stdout, command.Stderr = output, output
	// A group of its own, so that its children end with it; the signal comes when this thread ends.
	runtime.LockOSThread()
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := time.Now()
	if err := command.Start(); err != nil {
		fail(err)
	}
	timer := time.AfterFunc(longest, func() { syscall.Kill(-command.Process.Pid, syscall.SIGKILL) })
	command.Wait()
	wall := time.Since(started)
	timer.Stop()
	syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
	usage := command.ProcessState.SysUsage().(*syscall.Rusage)
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"exitStatus":   command.ProcessState.ExitCode(),
		"wallMs":       float64(wall) / float64(time.Millisecond),
		"userMs":       float64(command.ProcessState.UserTime()) / float64(time.Millisecond),
		"systemMs":     float64(command.ProcessState.SystemTime()) / float64(time.Millisecond),
		"peakRssBytes": usage.Maxrss * 1024,
	})
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(2)
}
