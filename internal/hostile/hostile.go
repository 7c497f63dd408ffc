// Package hostile is a server on loopback that says, byte by byte, what no provider should. It tells what arrived, how
// much the client took, and whether the client hung up everywhere.
package hostile

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Server is one that is listening. Its URL is plain http.
type Server struct {
	URL string

	listener net.Listener
	connect  func(net.Conn) net.Conn
	answer   func(net.Conn, *http.Request)
	open     sync.WaitGroup // connections, and the listener
	written  atomic.Int64

	mu       sync.Mutex
	conns    []net.Conn
	requests []*http.Request
}

// Serve listens until the test ends. connect, unless nil, gets each connection first and returns the one to go on with,
// nil for none. answer gets each request after its last byte; the connection stays open unless answer closes it.
func Serve(t testing.TB, connect func(net.Conn) net.Conn, answer func(net.Conn, *http.Request)) *Server {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &Server{URL: "http://" + listener.Addr().String(), listener: listener, connect: connect, answer: answer}
	s.open.Go(s.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		s.mu.Lock()
		for _, c := range s.conns {
			_ = c.Close() // what a failed test leaves open
		}
		s.mu.Unlock()
		s.open.Wait()
	})
	return s
}

func (s *Server) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns = append(s.conns, c)
		s.mu.Unlock()
		s.open.Go(func() { s.serve(c) })
	}
}

func (s *Server) serve(c net.Conn) {
	defer c.Close()
	c = counted{c, &s.written}
	if s.connect != nil {
		if c = s.connect(c); c == nil {
			return
		}
	}
	in := bufio.NewReader(c)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		s.mu.Lock()
		s.requests = append(s.requests, r)
		s.mu.Unlock()
		s.answer(c, r)
	}
}

// HungUp stops listening, and reports whether every connection ends within the time given.
func (s *Server) HungUp(within time.Duration) bool {
	_ = s.listener.Close()
	ended := make(chan struct{})
	go func() {
		s.open.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return true
	case <-time.After(within):
		return false
	}
}

// Requests are those that arrived whole, in their order.
func (s *Server) Requests() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Written is how many bytes the client took, or its machine for it.
func (s *Server) Written() int64 { return s.written.Load() }

type counted struct {
	net.Conn
	n *atomic.Int64
}

func (c counted) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.n.Add(int64(n))
	return n, err
}

// Reset ends a plain connection without a goodbye.
func Reset(c net.Conn) {
	_ = c.(counted).Conn.(*net.TCPConn).SetLinger(0)
	_ = c.Close()
}

// Hang says nothing more, and waits until the client hangs up.
func Hang(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
