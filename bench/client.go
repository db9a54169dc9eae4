package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	protobuf = "application/vnd.kubernetes.protobuf"
	table    = "application/json;as=Table;v=v1;g=meta.k8s.io"
)

// client is one HTTP/2 connection to a server.
type client struct {
	base string
	http *http.Client
}

func newClient(base string, config *tls.Config) *client {
	return &client{base, &http.Client{Transport: &http.Transport{
		TLSClientConfig: config, ForceAttemptHTTP2: true, DisableCompression: true}}}
}

func (c *client) do(ctx context.Context, method, path, contentType, accept string, body []byte) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	must(err)
	request.Header.Set("Accept", accept)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	return c.http.Do(request)
}

// get reads an answer to its end and returns its length.
func (c *client) get(path, accept string) int64 {
	length, err := c.copyTo(io.Discard, path, accept)
	must(err)
	return length
}

func (c *client) read(path, accept string) []byte {
	var body bytes.Buffer
	_, err := c.copyTo(&body, path, accept)
	must(err)
	return body.Bytes()
}

func (c *client) copyTo(out io.Writer, path, accept string) (int64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	response, err := c.do(ctx, "GET", path, "", accept, nil)
	must(err)
	defer response.Body.Close()
	if response.StatusCode != 200 {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 1000))
		panic(fmt.Sprintf("GET %s%s: %s %s", c.base, path, response.Status, text))
	}
	return io.Copy(out, response.Body)
}

// write returns the answer.
func (c *client) write(method, path, contentType string, o object, accepted ...int) []byte {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	response, err := c.do(ctx, method, path, contentType, "application/json", marshal(o))
	must(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(err)
	for _, status := range accepted {
		if response.StatusCode == status {
			return text
		}
	}
	panic(fmt.Sprintf("%s %s%s: %s %s", method, c.base, path, response.Status, text))
}

// create makes an object, and returns the answer; it is fine if it is there already.
func (c *client) create(path string, o object) []byte {
	return c.write("POST", path, "application/json", o, 201, 409)
}

func (c *client) patch(path string, o object) {
	c.write("PATCH", path, "application/merge-patch+json", o, 200)
}

// watch calls seen for each event, until the context ends. It returns once the server has answered.
func (c *client) watch(ctx context.Context, path, accept string, seen func(event []byte)) {
	response, err := c.do(ctx, "GET", path, "", accept+";stream=watch", nil)
	must(err)
	if response.StatusCode != 200 {
		panic(fmt.Sprintf("watch %s%s: %s", c.base, path, response.Status))
	}
	go func() {
		defer response.Body.Close()
		in := bufio.NewReaderSize(response.Body, 16<<10)
		next := nextLine
		if accept == protobuf {
			next = nextFrame
		}
		for event, err := next(in, nil); err == nil; event, err = next(in, event) {
			seen(event)
		}
	}()
}

// nextFrame reads an event of a protobuf watch, which follows its length, into the buffer if there is room.
func nextFrame(in *bufio.Reader, buffer []byte) ([]byte, error) {
	length, err := in.Peek(4)
	if err != nil {
		return nil, err
	}
	size := int(binary.BigEndian.Uint32(length))
	if cap(buffer) < size {
		buffer = make([]byte, size)
	}
	// Peek has read them.
	_, _ = in.Discard(len(length))
	_, err = io.ReadFull(in, buffer[:size])
	return buffer[:size], err
}

// nextLine reads an event of a JSON watch.
func nextLine(in *bufio.Reader, _ []byte) ([]byte, error) { return in.ReadBytes('\n') }

// stamp is the time that a change wrote into its pod; empty if the event holds none.
func stamp(event []byte) string {
	const mark = "\n\x05bench\x12"
	if at := bytes.Index(event, []byte(mark)); at >= 0 {
		at += len(mark)
		return string(event[at+1 : at+1+int(event[at])])
	}
	return ""
}

func (c *client) close() {
	c.http.CloseIdleConnections()
}
