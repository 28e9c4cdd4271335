// A long link: forwards TCP connections and delivers every byte later by half a round trip, in both directions, without
// a limit on bandwidth. Prints nothing; runs until it is killed.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"time"
)

const (
	chunkBytes = 256 << 10
	// Chunks under way in a direction: more than any client here keeps in flight.
	chunks = 1024
)

func main() {
	listen := flag.String("listen", "", "address to accept connections on")
	to := flag.String("to", "", "address to forward them to")
	delay := flag.Duration("delay", 25*time.Millisecond, "one way")
	flag.Parse()
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for {
		client, err := listener.Accept()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		go func() {
			server, err := net.Dial("tcp", *to)
			if err != nil {
				client.Close()
				return
			}
			go forward(client, server, *delay)
			forward(server, client, *delay)
		}()
	}
}

type chunk struct {
	bytes []byte
	due   time.Time
}

func forward(from, to net.Conn, delay time.Duration) {
	underWay := make(chan chunk, chunks)
	go func() {
		defer to.Close()
		for each := range underWay {
			time.Sleep(time.Until(each.due))
			if _, err := to.Write(each.bytes); err != nil {
				from.Close()
				break
			}
		}
		for range underWay {
		}
	}()
	defer close(underWay)
	buffer := make([]byte, chunkBytes)
	for {
		size, err := from.Read(buffer)
		if size > 0 {
			bytes := append([]byte(nil), buffer[:size]...)
			underWay <- chunk{bytes, time.Now().Add(delay)}
		}
		if err != nil {
			return
		}
	}
}
