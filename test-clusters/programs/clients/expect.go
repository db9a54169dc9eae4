package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"runtime"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
)

// failure ends a check.
type failure struct{ error }

// outcome is what check fails with. Other panics go on.
func outcome(check func()) (err error) {
	defer func() {
		switch thrown := recover().(type) {
		case nil:
		case failure:
			err = thrown.error
		default:
			panic(thrown)
		}
	}()
	check()
	return nil
}

func fail(skip int, format string, arguments ...any) {
	_, file, line, _ := runtime.Caller(skip + 1)
	panic(failure{fmt.Errorf("%s:%d: %s", path.Base(file), line, fmt.Sprintf(format, arguments...))})
}

// must expects a call to succeed, and returns what it returned.
func must[T any](value T, err error) T {
	if err != nil {
		fail(1, "%v", err)
	}
	return value
}

// succeed expects a call to succeed.
func succeed(err error) {
	if err != nil {
		fail(1, "%v", err)
	}
}

// refused expects an error of a kind such as errors.IsConflict.
func refused(kind func(error) bool, err error) {
	if err == nil {
		fail(1, "succeeded, which it should not")
	}
	if !kind(err) {
		fail(1, "refused in another way: %v", err)
	}
}

func expect(holds bool, format string, arguments ...any) {
	if !holds {
		fail(1, format, arguments...)
	}
}

// equal compares as API machinery does: what is empty equals what is absent.
func equal[T any](got, want T) {
	if !equality.Semantic.DeepEqual(got, want) {
		fail(1, "differs:\n got %s\nwant %s", text(got), text(want))
	}
}

func text(value any) string {
	bytes, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprintf("%+v", value)
	}
	return string(bytes)
}

// eventually waits until there is no complaint any more, as long as ctx goes.
func eventually(ctx context.Context, complaint func() string) {
	for {
		problem := complaint()
		if problem == "" {
			return
		}
		select {
		case <-ctx.Done():
			fail(1, "in the end: %s", problem)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
