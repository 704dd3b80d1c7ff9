package main

import (
	"fmt"
	"runtime"
	"syscall"
	"time"

	"github.com/prometheus/procfs"
)

// machine tells how much of it others used while the measurements ran, without which the figures cannot be judged.
type machine struct {
	since      time.Time
	busy, ours float64 // seconds of CPU so far
}

// watch begins to look.
func watch() (machine, error) {
	m := machine{since: time.Now()}
	var err error
	m.busy, m.ours, err = spent()
	return m, err
}

// others is the share of all cores that was used by neither this process nor any that it started and ended.
func (m machine) others() (float64, error) {
	busy, ours, err := spent()
	if err != nil {
		return 0, err
	}
	return max(0, (busy-m.busy)-(ours-m.ours)) / (time.Since(m.since).Seconds() * float64(runtime.NumCPU())), nil
}

func spent() (busy, ours float64, err error) {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return 0, 0, fmt.Errorf("watch the machine (this needs Linux): %w", err)
	}
	stat, err := fs.Stat()
	if err != nil {
		return 0, 0, fmt.Errorf("watch the machine: %w", err)
	}
	all := stat.CPUTotal
	busy = all.User + all.Nice + all.System + all.IRQ + all.SoftIRQ + all.Steal
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			return 0, 0, fmt.Errorf("watch this process: %w", err)
		}
		ours += time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
	}
	return busy, ours, nil
}
