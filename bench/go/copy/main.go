// The peer to beat: a copier of one topic as a good Go programmer would write it with franz-go. It plans as
// data-migrate does (the group's committed offsets, the end offsets of that moment), reads every partition from its
// start and produces each record to the same partition: acks=all, idempotent, the topic's codec. It keeps no journal
// and verifies nothing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

type plan struct {
	starts map[int32]kgo.Offset
	ends   map[int32]int64
}

func main() {
	source := flag.String("source", "", "bootstrap servers read from")
	target := flag.String("target", "", "bootstrap servers written to")
	topic := flag.String("topic", "", "the topic, on both sides")
	group := flag.String("group", "", "whose committed offsets are the starts")
	codec := flag.String("codec", "none", "none, lz4 or zstd")
	fetchMB := flag.Int("fetch-mb", 32, "fetch.max.bytes")
	partitionMB := flag.Int("partition-mb", 8, "max.partition.fetch.bytes")
	buffered := flag.Int("buffered", 50_000, "records buffered for produce")
	gc := flag.Int("gc", 400, "Go's GOGC")
	flag.Parse()
	debug.SetGCPercent(*gc)
	options := tuning{
		codec:          *codec,
		fetchBytes:     int32(*fetchMB << 20),
		partitionBytes: int32(*partitionMB << 20),
		buffered:       *buffered,
	}
	if err := run(context.Background(), *source, *target, *topic, *group, options); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type tuning struct {
	codec          string
	fetchBytes     int32
	partitionBytes int32
	buffered       int
}

func run(ctx context.Context, source, target, topic, group string, tuned tuning) error {
	planned, err := makePlan(ctx, source, topic, group)
	if err != nil {
		return err
	}
	compression, known := map[string]kgo.CompressionCodec{
		"none": kgo.NoCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	}[tuned.codec]
	if !known {
		return fmt.Errorf("unknown codec %q", tuned.codec)
	}
	consumer, err := kgo.NewClient(
		kgo.SeedBrokers(source),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: planned.starts}),
		kgo.FetchMaxBytes(tuned.fetchBytes),
		kgo.FetchMaxPartitionBytes(tuned.partitionBytes),
		kgo.BrokerMaxReadBytes(2*tuned.fetchBytes+(64<<20)),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
	)
	if err != nil {
		return err
	}
	defer consumer.Close()
	producer, err := kgo.NewClient(
		kgo.SeedBrokers(target),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerBatchCompression(compression),
		kgo.ProducerBatchMaxBytes(1_000_000),
		kgo.MaxBufferedRecords(tuned.buffered),
		kgo.ProducerLinger(0),
	)
	if err != nil {
		return err
	}
	defer producer.Close()
	return copyRecords(ctx, consumer, producer, planned)
}

func makePlan(ctx context.Context, source, topic, group string) (plan, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(source))
	if err != nil {
		return plan{}, err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	committed, err := admin.FetchOffsets(ctx, group)
	if err != nil {
		return plan{}, err
	}
	ends, err := admin.ListEndOffsets(ctx, topic)
	if err != nil {
		return plan{}, err
	}
	made := plan{starts: map[int32]kgo.Offset{}, ends: map[int32]int64{}}
	for partition, end := range ends[topic] {
		start, found := committed.Lookup(topic, partition)
		if end.Err != nil || !found {
			return plan{}, fmt.Errorf("no range for %s-%d: %v", topic, partition, end.Err)
		}
		if start.At < end.Offset {
			made.starts[partition] = kgo.NewOffset().At(start.At)
			made.ends[partition] = end.Offset
		}
	}
	return made, nil
}

func copyRecords(ctx context.Context, consumer, producer *kgo.Client, planned plan) error {
	var failure atomic.Pointer[error]
	var once sync.Once
	stop, cancel := context.WithCancel(ctx)
	defer cancel()
	delivered := func(_ *kgo.Record, err error) {
		if err != nil {
			once.Do(func() { failure.Store(&err); cancel() })
		}
	}
	for len(planned.ends) > 0 {
		fetches := consumer.PollRecords(stop, 0)
		if err := failure.Load(); err != nil {
			return *err
		}
		for _, fetchError := range fetches.Errors() {
			return fetchError.Err
		}
		fetches.EachPartition(func(fetched kgo.FetchTopicPartition) {
			end, open := planned.ends[fetched.Partition]
			if !open || len(fetched.Records) == 0 {
				return
			}
			last := fetched.Records[len(fetched.Records)-1].Offset
			for _, record := range fetched.Records {
				if record.Offset >= end {
					break
				}
				producer.Produce(stop, record, delivered)
			}
			if last+1 >= end {
				delete(planned.ends, fetched.Partition)
			}
		})
	}
	if err := producer.Flush(ctx); err != nil {
		return err
	}
	if err := failure.Load(); err != nil {
		return errors.Join(errors.New("not everything was stored"), *err)
	}
	return nil
}
