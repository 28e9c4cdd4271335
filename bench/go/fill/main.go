// Fills a topic for a bench: as many records of a size, spread evenly over the partitions, in batches of a size and a
// codec. Values are lines of made-up JSON: compressible as such data is (about 4:1 with zstd), the same in every
// run. It creates nothing and commits nothing.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

func main() {
	cluster := flag.String("cluster", "", "bootstrap servers")
	topic := flag.String("topic", "", "an existing topic")
	partitions := flag.Int("partitions", 6, "its number of partitions")
	count := flag.Int("count", 0, "records in total")
	size := flag.Int("bytes", 100, "bytes of a record's value")
	codec := flag.String("codec", "none", "none, lz4 or zstd")
	batchBytes := flag.Int("batch-bytes", 1_000_000, "bytes of a batch before compression, at most; 0: a record each")
	flag.Parse()
	_, known := codecs[*codec]
	err := fmt.Errorf("unknown codec %q", *codec)
	switch {
	case known && *batchBytes == 0:
		err = fillSingles(*cluster, *topic, *partitions, *count, *size, *codec)
	case known:
		err = fill(*cluster, *topic, *partitions, *count, *size, *codec, *batchBytes)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var codecs = map[string]kgo.CompressionCodec{
	"none": kgo.NoCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
}

func fill(cluster, topic string, partitions, count, size int, codec string, batchBytes int) error {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(cluster),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchCompression(codecs[codec]),
		kgo.ProducerBatchMaxBytes(int32(batchBytes)),
		kgo.MaxBufferedRecords(max(100_000, 100_000_000/size)),
		kgo.MaxBufferedBytes(256<<20),
		// Full batches, whatever the speed of the generator below.
		kgo.ProducerLinger(500*time.Millisecond),
	)
	if err != nil {
		return err
	}
	defer client.Close()
	var failure atomic.Pointer[error]
	delivered := func(_ *kgo.Record, err error) {
		if err != nil {
			failure.Store(&err)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range count {
		record := &kgo.Record{
			Topic:     topic,
			Partition: int32(i % partitions),
			Value:     line(random, i, size),
		}
		client.Produce(context.Background(), record, delivered)
	}
	if err := client.Flush(context.Background()); err != nil {
		return err
	}
	if err := failure.Load(); err != nil {
		return *err
	}
	return nil
}

var words = []string{
	"accepted", "shipped", "returned", "pending", "refused", "paid", "open", "closed",
	"Guangzhou", "Shanghai", "Frankfurt", "Singapore", "Mumbai", "Ashburn", "Tokyo", "Jakarta",
}

func line(random *rand.Rand, number, size int) []byte {
	value := make([]byte, 0, size+64)
	value = append(value, `{"order":`...)
	value = strconv.AppendInt(value, int64(number), 10)
	for len(value) < size {
		value = append(value, `,"`...)
		value = append(value, words[random.IntN(8)]...)
		value = append(value, `":"`...)
		value = append(value, words[8+random.IntN(8)]...)
		value = append(value, `-`...)
		value = strconv.AppendInt(value, int64(random.IntN(10_000)), 10)
		value = append(value, '"')
	}
	return value[:size]
}
