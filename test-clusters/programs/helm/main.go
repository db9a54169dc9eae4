// Command helm is Helm, of the release that the module file names.
package main

import (
	"errors"
	"log/slog"
	"os"

	"helm.sh/helm/v4/pkg/cmd"
	"helm.sh/helm/v4/pkg/kube"
	_ "k8s.io/client-go/plugin/pkg/client/auth"
)

func main() {
	kube.ManagedFieldsManager = "helm"
	helm, err := cmd.NewRootCmd(os.Stdout, os.Args[1:], cmd.SetupLogging)
	if err == nil {
		err = helm.Execute()
	}
	if err == nil {
		return
	}
	if failed := (cmd.CommandError{}); errors.As(err, &failed) {
		os.Exit(failed.ExitCode)
	}
	slog.Error("helm failed", slog.Any("error", err))
	os.Exit(1)
}
