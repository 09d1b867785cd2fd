// The sentences for a publication that was not made, or may not have been.
// Refuses to know who asked.

export function publishAnswerText(name: string, kind: 'refused' | 'unknown'): string {
  return kind === 'refused'
    ? `Not published to ${name}: the node has no room for another topic.`
    : `It is not known whether this was published to ${name}: the shard that orders it restarted. Publish again with an id.`;
}
