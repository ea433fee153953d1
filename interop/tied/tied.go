// Package tied lets a program end with the test that started it, however that test ends.
package tied

import (
	"io"
	"os"
	"syscall"
)

// ToStdin kills this program once its standard input closes, as it does when the parent process is gone.
func ToStdin() {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}()
}
