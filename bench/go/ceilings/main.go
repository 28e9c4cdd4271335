// What the machine and its brokers allow, whoever copies: bytes over loopback from one TCP connection to another, a
// topic fetched and thrown away, a topic's first batches produced over and over. Record batches stay bytes.
package main

import (
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"sync"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	connections      = 2
	fetchBytes       = 16 << 20
	partitionBytes   = 4 << 20
	requestsInFlight = 5
	relayBytes       = 1 << 20
)

func main() {
	mode := flag.String("mode", "", "tcp, fetch or produce")
	bytes := flag.Int64("bytes", 0, "to relay")
	source := flag.String("source", "", "bootstrap servers")
	target := flag.String("target", "", "bootstrap servers")
	topic := flag.String("topic", "", "the topic, on both sides")
	flag.Parse()
	var err error
	switch *mode {
	case "tcp":
		err = relay(*bytes)
	case "fetch":
		err = onShares(*source, *topic, fetchAll)
	case "produce":
		err = onShares(*source, *topic, func(from *kgo.Client, topic kadm.TopicDetail, shared share) error {
			return produceAll(from, *target, topic, shared)
		})
	default:
		err = fmt.Errorf("unknown mode %q", *mode)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// relay reads from a connection and writes to another, through one buffer.
func relay(bytes int64) error {
	from, err := pipe()
	if err != nil {
		return err
	}
	to, err := pipe()
	if err != nil {
		return err
	}
	go func() {
		block := make([]byte, relayBytes)
		for left := bytes; left > 0; left -= relayBytes {
			from.server.Write(block[:min(left, relayBytes)])
		}
		from.server.Close()
	}()
	received := make(chan int64)
	go func() {
		var total int64
		block := make([]byte, relayBytes)
		for {
			size, err := to.server.Read(block)
			total += int64(size)
			if err != nil {
				received <- total
				return
			}
		}
	}()
	// Without the methods by which Go would let the kernel move the bytes.
	type plainReader struct{ io.Reader }
	type plainWriter struct{ io.Writer }
	if _, err := io.CopyBuffer(plainWriter{to.client}, plainReader{from.client}, make([]byte, relayBytes)); err != nil {
		return err
	}
	to.client.Close()
	if total := <-received; total != bytes {
		return fmt.Errorf("%d of %d bytes arrived", total, bytes)
	}
	return nil
}

type connection struct{ client, server net.Conn }

func pipe() (connection, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return connection{}, err
	}
	defer listener.Close()
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		return connection{}, err
	}
	server, err := listener.Accept()
	return connection{client, server}, err
}

// share is the next and the end offset of each partition that one connection works for.
type share struct{ next, end map[int32]int64 }

func onShares(source, topic string, work func(*kgo.Client, kadm.TopicDetail, share) error) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(source))
	if err != nil {
		return err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	details, err := admin.ListTopics(context.Background(), topic)
	if err != nil {
		return err
	}
	ends, err := admin.ListEndOffsets(context.Background(), topic)
	if err != nil {
		return err
	}
	var working sync.WaitGroup
	failures := make([]error, connections)
	for number := range connections {
		mine := share{map[int32]int64{}, map[int32]int64{}}
		for partition, end := range ends[topic] {
			if int(partition)%connections == number && end.Offset > 0 {
				mine.next[partition], mine.end[partition] = 0, end.Offset
			}
		}
		working.Add(1)
		go func() {
			defer working.Done()
			own, err := kgo.NewClient(kgo.SeedBrokers(source), kgo.BrokerMaxReadBytes(256<<20))
			if err == nil {
				defer own.Close()
				err = work(own, details[topic], mine)
			}
			failures[number] = err
		}()
	}
	working.Wait()
	return errors.Join(failures...)
}

func fetchAll(client *kgo.Client, topic kadm.TopicDetail, shared share) error {
	for len(shared.next) > 0 {
		fetched, err := fetch(client, topic, shared.next)
		if err != nil {
			return err
		}
		for partition, batches := range fetched {
			for at := 0; at < len(batches); {
				size := batchSize(batches[at:])
				if size == 0 {
					break
				}
				shared.next[partition] = nextOffset(batches[at:])
				at += size
			}
			if shared.next[partition] >= shared.end[partition] {
				delete(shared.next, partition)
			}
		}
	}
	return nil
}

func fetch(client *kgo.Client, topic kadm.TopicDetail, next map[int32]int64) (map[int32][]byte, error) {
	request := kmsg.NewFetchRequest()
	request.MaxWaitMillis, request.MinBytes, request.MaxBytes = 500, 1, fetchBytes
	entry := kmsg.NewFetchRequestTopic()
	entry.Topic, entry.TopicID = topic.Topic, topic.ID
	for partition, offset := range next {
		one := kmsg.NewFetchRequestTopicPartition()
		one.Partition, one.FetchOffset, one.PartitionMaxBytes = partition, offset, partitionBytes
		entry.Partitions = append(entry.Partitions, one)
	}
	request.Topics = append(request.Topics, entry)
	answer, err := client.Broker(leaderOf(topic)).Request(context.Background(), &request)
	if err != nil {
		return nil, err
	}
	fetched := map[int32][]byte{}
	for _, answered := range answer.(*kmsg.FetchResponse).Topics {
		for _, each := range answered.Partitions {
			if err := kerr.ErrorForCode(each.ErrorCode); err != nil {
				return nil, err
			}
			fetched[each.Partition] = each.RecordBatches
		}
	}
	return fetched, nil
}

// The clusters of the bench have one broker each.
func leaderOf(topic kadm.TopicDetail) int {
	for _, partition := range topic.Partitions {
		return int(partition.Leader)
	}
	return 0
}

// batchSize is 0 where the batch is cut off.
func batchSize(batch []byte) int {
	if len(batch) < 61 {
		return 0
	}
	size := 12 + int(binary.BigEndian.Uint32(batch[8:]))
	if size > len(batch) {
		return 0
	}
	return size
}

func nextOffset(batch []byte) int64 {
	return int64(binary.BigEndian.Uint64(batch)) + int64(binary.BigEndian.Uint32(batch[23:])) + 1
}

// produceAll sends each partition's first batch until the records are as many as on the source.
func produceAll(from *kgo.Client, target string, topic kadm.TopicDetail, shared share) error {
	fetched, err := fetch(from, topic, shared.next)
	if err != nil {
		return err
	}
	to, err := kgo.NewClient(kgo.SeedBrokers(target))
	if err != nil {
		return err
	}
	defer to.Close()
	details, err := kadm.NewClient(to).ListTopics(context.Background(), topic.Topic)
	if err != nil {
		return err
	}
	onTarget := details[topic.Topic]
	first := map[int32][]byte{}
	for partition, batches := range fetched {
		first[partition] = batches[:batchSize(batches)]
	}
	slots := make(chan struct{}, requestsInFlight)
	failures := make(chan error, 1)
	for len(shared.next) > 0 {
		request := kmsg.NewProduceRequest()
		request.Acks, request.TimeoutMillis = -1, 30_000
		entry := kmsg.NewProduceRequestTopic()
		entry.Topic, entry.TopicID = topic.Topic, onTarget.ID
		for partition := range shared.next {
			one := kmsg.NewProduceRequestTopicPartition()
			one.Partition, one.Records = partition, first[partition]
			entry.Partitions = append(entry.Partitions, one)
			shared.next[partition] += nextOffset(first[partition])
			if shared.next[partition] >= shared.end[partition] {
				delete(shared.next, partition)
			}
		}
		request.Topics = append(request.Topics, entry)
		slots <- struct{}{}
		go func() {
			defer func() { <-slots }()
			answer, err := to.Broker(leaderOf(onTarget)).Request(context.Background(), &request)
			if err == nil {
				err = produceError(answer.(*kmsg.ProduceResponse))
			}
			if err != nil {
				select {
				case failures <- err:
				default:
				}
			}
		}()
	}
	for range requestsInFlight {
		slots <- struct{}{}
	}
	select {
	case err := <-failures:
		return err
	default:
		return nil
	}
}

func produceError(response *kmsg.ProduceResponse) error {
	for _, topic := range response.Topics {
		for _, partition := range topic.Partitions {
			if err := kerr.ErrorForCode(partition.ErrorCode); err != nil {
				return err
			}
		}
	}
	return nil
}
