package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Requests that fill a topic with one-record batches at a time, each over a connection of its own: a broker answers
// the requests of one connection one after the other.
const singleLanes = 8

// fillSingles is for producers that never batched: a request holds one batch of one record for each partition.
func fillSingles(cluster, topic string, partitions, count, size int, codec string) error {
	compressor, err := kgo.DefaultCompressor(codecs[codec])
	if err != nil {
		return err
	}
	var lanes sync.WaitGroup
	failures := make(chan error, singleLanes)
	for lane := range singleLanes {
		lanes.Add(1)
		go func() {
			defer lanes.Done()
			failures <- fillLane(cluster, topic, partitions, count, size, compressor, lane)
		}()
	}
	lanes.Wait()
	close(failures)
	for failure := range failures {
		if failure != nil {
			return failure
		}
	}
	return nil
}

func fillLane(cluster, topic string, partitions, count, size int, compressor kgo.Compressor, lane int) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster))
	if err != nil {
		return err
	}
	defer client.Close()
	metadata := kmsg.NewMetadataRequest()
	asked := kmsg.NewMetadataRequestTopic()
	asked.Topic = &topic
	metadata.Topics = append(metadata.Topics, asked)
	known, err := metadata.RequestWith(context.Background(), client)
	if err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(1, uint64(lane)))
	var scratch bytes.Buffer
	for first := lane * partitions; first < count; first += singleLanes * partitions {
		request := kmsg.NewProduceRequest()
		request.Acks = 1
		request.TimeoutMillis = 30_000
		entry := kmsg.NewProduceRequestTopic()
		entry.Topic, entry.TopicID = topic, known.Topics[0].TopicID
		for partition := 0; partition < partitions && first+partition < count; partition++ {
			one := kmsg.NewProduceRequestTopicPartition()
			one.Partition = int32(partition)
			one.Records = singleBatch(line(random, first+partition, size), compressor, &scratch)
			entry.Partitions = append(entry.Partitions, one)
		}
		request.Topics = append(request.Topics, entry)
		response, err := request.RequestWith(context.Background(), client)
		if err != nil {
			return err
		}
		for _, answered := range response.Topics {
			for _, each := range answered.Partitions {
				if err := kerr.ErrorForCode(each.ErrorCode); err != nil {
					return fmt.Errorf("partition %d: %w", each.Partition, err)
				}
			}
		}
	}
	return nil
}

// singleBatch is a record batch (magic 2) of one record without key and headers.
func singleBatch(value []byte, compressor kgo.Compressor, scratch *bytes.Buffer) []byte {
	record := make([]byte, 0, len(value)+16)
	// Attributes, timestamp delta, offset delta, null key, value, no headers.
	record = append(record, 0, 0, 0, 1)
	record = binary.AppendVarint(record, int64(len(value)))
	record = append(record, value...)
	record = append(record, 0)
	records := binary.AppendVarint(nil, int64(len(record)))
	records = append(records, record...)
	attributes := kgo.CompressionCodecType(0)
	if compressor != nil {
		scratch.Reset()
		records, attributes = compressor.Compress(scratch, records)
	}
	now := uint64(time.Now().UnixMilli())
	batch := make([]byte, 0, len(records)+61)
	batch = binary.BigEndian.AppendUint64(batch, 0)
	batch = binary.BigEndian.AppendUint32(batch, uint32(len(records)+49))
	batch = binary.BigEndian.AppendUint32(batch, 0)
	batch = append(batch, 2, 0, 0, 0, 0)
	batch = binary.BigEndian.AppendUint16(batch, uint16(attributes))
	batch = binary.BigEndian.AppendUint32(batch, 0)
	batch = binary.BigEndian.AppendUint64(batch, now)
	batch = binary.BigEndian.AppendUint64(batch, now)
	for range 14 {
		// No producer id, epoch and sequence.
		batch = append(batch, 0xff)
	}
	batch = binary.BigEndian.AppendUint32(batch, 1)
	batch = append(batch, records...)
	sum := crc32.Checksum(batch[21:], crc32.MakeTable(crc32.Castagnoli))
	binary.BigEndian.PutUint32(batch[17:], sum)
	return batch
}
