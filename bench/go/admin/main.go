// What the bench does to clusters around its runs, one verb a call: create and delete topics, commit the offsets that
// runs start from, tell where partitions end. Nobody measures it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

func main() {
	cluster := flag.String("cluster", "", "bootstrap servers")
	topic := flag.String("topic", "", "the topic")
	partitions := flag.Int("partitions", 6, "of a topic to create")
	group := flag.String("group", "", "that offsets are committed for")
	groups := flag.Int("groups", 1, "so many of them, numbered from 1 where there are more than one")
	part := flag.Float64("part", 1, "what a group has left of each partition")
	flag.Parse()
	client, err := kgo.NewClient(kgo.SeedBrokers(*cluster))
	if err != nil {
		fail(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	admin := kadm.NewClient(client)
	switch verb := flag.Arg(0); verb {
	case "create":
		err = create(ctx, admin, *topic, int32(*partitions))
	case "delete":
		err = remove(ctx, admin, *topic)
	case "commit":
		err = commit(ctx, admin, *topic, *group, *groups, *part)
	case "ends":
		err = ends(ctx, admin, *topic)
	default:
		err = fmt.Errorf("unknown verb %q", verb)
	}
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// create returns when every partition has a leader that answers.
func create(ctx context.Context, admin *kadm.Client, topic string, partitions int32) error {
	if _, err := admin.CreateTopic(ctx, partitions, 1, nil, topic); err != nil {
		return err
	}
	for {
		listed, err := admin.ListEndOffsets(ctx, topic)
		if err == nil && listed.Error() == nil && len(listed[topic]) == int(partitions) {
			return nil
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

// remove returns when the topic is gone from the metadata.
func remove(ctx context.Context, admin *kadm.Client, topic string) error {
	if _, err := admin.DeleteTopic(ctx, topic); err != nil {
		return err
	}
	for {
		listed, err := admin.ListTopics(ctx, topic)
		if err == nil && errors.Is(listed[topic].Err, kerr.UnknownTopicOrPartition) {
			return nil
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(50 * time.Millisecond):
		return nil
	}
}

type backlog struct {
	Partition int32 `json:"partition"`
	Start     int64 `json:"start"`
	Count     int64 `json:"count"`
}

// commit puts each group before the last part of every partition, and prints what that is.
func commit(ctx context.Context, admin *kadm.Client, topic, group string, groups int, part float64) error {
	listed, err := admin.ListEndOffsets(ctx, topic)
	if err != nil {
		return err
	}
	var offsets kadm.Offsets
	ranges := []backlog{}
	for _, end := range listed.Offsets().Sorted() {
		left := int64(math.Round(float64(end.At) * part))
		ranges = append(ranges, backlog{end.Partition, end.At - left, left})
		offsets.AddOffset(topic, end.Partition, end.At-left, -1)
	}
	names := make(chan string)
	failures := make(chan error, groups)
	var committing sync.WaitGroup
	for range min(groups, 32) {
		committing.Add(1)
		go func() {
			defer committing.Done()
			for name := range names {
				failures <- commitUntilStored(ctx, admin, name, offsets)
			}
		}()
	}
	for number := range groups {
		name := group
		if groups > 1 {
			name = fmt.Sprintf("%s-%d", group, number+1)
		}
		names <- name
	}
	close(names)
	committing.Wait()
	close(failures)
	for failure := range failures {
		if failure != nil {
			return failure
		}
	}
	return json.NewEncoder(os.Stdout).Encode(ranges)
}

// commitUntilStored tries again while the coordinator is being found: a new cluster has to make its topic first.
func commitUntilStored(ctx context.Context, admin *kadm.Client, group string, offsets kadm.Offsets) error {
	for {
		err := admin.CommitAllOffsets(ctx, group, offsets)
		if err == nil || !kerr.IsRetriable(err) {
			return err
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

func ends(ctx context.Context, admin *kadm.Client, topic string) error {
	listed, err := admin.ListEndOffsets(ctx, topic)
	if err != nil {
		return err
	}
	found := map[int32]int64{}
	listed.Each(func(end kadm.ListedOffset) { found[end.Partition] = end.Offset })
	return json.NewEncoder(os.Stdout).Encode(found)
}
