/**
 * Every bound of a node, with its unit (the name's last word) and its reason. Nothing in the
 * program grows without one of these. Tests hand in smaller ones; users never need to.
 */
export const LIMITS = {
  // Messages and framing

  /** Bytes of one message. Classic programs read 1,024 bytes at once and lose what lies beyond. */
  messageBytesMax: 1_024,
  /** Bytes of one peer list from a seed: `peersMax` addresses of IPv6 length (47) and a comma. */
  listBytesMax: 2_400_000,
  /** Bytes of a peer list to a classic peer, which reads 10,240 bytes once. */
  classicListBytesMax: 10_240,
  /**
   * Milliseconds without another byte after which bytes without a line end count as a message, if
   * they parse as one: `…:50` may be the beginning of `…:5001`. Several times a loopback or LAN
   * segment's delay, and short enough that a classic node does not notice.
   */
  stillnessMs: 150,
  /** Milliseconds after which bare bytes that still parse as nothing are dropped as garbage. */
  unfinishedMs: 5_000,
  /** Characters of an unknown message that a log line quotes: enough to see what it is. */
  quotedCharactersMax: 200,
  /** `dropped` records a second; a flood of garbage must not fill the disk. The rest is counted. */
  droppedRecordsPerSecondMax: 20,
  /**
   * Records at once of each kind that A13 wants written (registrations, dead-node messages), and of
   * neighbors that others make and break: ten thousand peers may come in one moment.
   */
  wantedRecordsMax: 10_000,
  /** Such records a second after that: 25 kB, so that a flood of a day stays below 3 GB. */
  wantedRecordsPerSecondMax: 100,
  /** `registered` records of one address a second, after as many at once as it may hold links. */
  registeredRecordsPerSecondMax: 1,

  // The log file and the screen

  /**
   * Bytes that wait for the log file, and as many for the screen (`peer | less`): a hundred
   * thousand lines, more than any burst has; the rest is left out and counted.
   */
  outputQueueBytesMax: 16_777_216,
  /** Milliseconds for an ending node's last lines to be taken: a disk is quick, a pager is not. */
  lastLinesMs: 2_000,

  // Links

  /** Links of a seed: two thousand held registrations, and as many visitors. */
  seedLinksMax: 4_096,
  /** Links of a peer: its neighbors both ways, its seeds, and a class that visits at once. */
  peerLinksMax: 1_024,
  /** Bytes that wait for one link that has no room; a neighbor this far behind loses the rest. */
  linkQueueBytesMax: 1_048_576,
  /** Bytes above which nothing is passed on to a link: the rest is for the node's own words. */
  linkQueueRelayedBytesMax: 786_432,
  /** Bytes that wait for all links together: sixty that are that far behind, not thousands. */
  nodeQueueBytesMax: 67_108_864,
  /** Bytes in all above which nothing is passed on. */
  nodeQueueRelayedBytesMax: 50_331_648,
  /** Milliseconds in which a link must say its first word; a person with `nc` needs some. */
  firstWordMs: 60_000,
  /** Milliseconds for which a link that has not spoken yet makes no room for others. */
  wordlessSparedMs: 1_000,
  /** Milliseconds of silence after which a visitor (neither registered nor a neighbor) is let go. */
  visitorSilenceMs: 300_000,
  /** Milliseconds for a connection to come up, half a second more than one lost SYN costs. */
  dialMs: 1_500,
  /** Milliseconds in which the other side must take a closed link's last bytes and end it too. */
  lingerMs: 2_000,
  /** Closed links that linger at once; of more the one that has done so longest is cut off. */
  lingeringLinksMax: 1_024,
  /** Bytes of a chunk that is heard as soon as it is read: whoever says little waits for nobody. */
  briefBytesMax: 4_096,
  /** Bytes of a larger chunk that are heard in its link's turn: a classic list is heard whole. */
  sliceBytesMax: 16_384,
  /**
   * Milliseconds in which brief chunks are heard after one poll, and then links that pour: far less
   * than any deadline, and enough for all that honest neighbors said while the process stood still.
   */
  turnMs: 50,

  // Seeds

  /** Peers on a list, and in the union of lists. A list of this length fits `listBytesMax`. */
  peersMax: 50_000,
  /**
   * Peers besides that have registered and not answered yet, a quarter of that; apart, so that
   * strangers take no listed one's place.
   */
  unlistedPeersMax: 12_500,
  /** Of those, ids in a status record; with the count they show what is going on. */
  unlistedPeersShownMax: 100,
  /**
   * Registration links held for one announced address: its own, and since a restart leaves that for
   * a while, a newer one. Strangers can make more.
   */
  linksPerPeerMax: 2,
  /**
   * Lists over one link at once. A peer that lacks neighbors asks after 250 ms, 500 ms, 1 s, then
   * every 1.5 s, a fifth sooner at times, and begins anew whenever it lacks them again.
   */
  listsAtOnceMax: 10,
  /** Lists over one link a second after that; each costs the seed its length. */
  listsPerSecondMax: 4,
  /** Milliseconds a probed peer has for its liveness reply; the protocol's figure. */
  probeMs: 700,
  /**
   * Milliseconds it has where it is listed and nobody accuses it: a segment may be lost and sent
   * again. Below the two seconds in which a report that comes meanwhile must be judged.
   */
  sweepAnswerMs: 1_500,
  /** Probes under way at once; the rest wait their turn. */
  probesMax: 256,
  /** Probes of these that newcomers have before the listed: a quarter. */
  newcomerProbesMax: 64,
  /** Milliseconds before a probe is tried again for which the seed itself had no means. */
  probeAgainMs: 1_000,
  /** Milliseconds for a new peer to begin to listen and answer the dial-back. */
  dialBackMs: 20_000,
  /** Milliseconds before the first repetition of a dial-back; doubled each time up to the next. */
  dialBackPauseMs: 250,
  dialBackPauseMsMax: 4_000,
  /** Probes in a row that a listed peer of whom nobody complains may miss before it is removed. */
  sweepStrikesMax: 3,
  /** Milliseconds after an answered probe in which further reports on the peer ask no new probe. */
  refutedMs: 500,
  /** Reports on one peer that wait for one probe; more say nothing new. */
  accusationsMax: 64,
  /**
   * Milliseconds after all peers at an IP were asked because of a report without a port, in which
   * further ones are refused. Whom they mean was silent for intervals before, and so for that look.
   */
  inquiryRestMs: 2_000,
  /** Milliseconds for another seed to show its kind by an answer. */
  seedAnswerMs: 1_500,
  /** Reports that wait for one other seed to be reached. */
  forwardsMax: 256,

  // Peers: bootstrap

  /** Milliseconds of the first pause before a seed is tried again; doubled up to the next. */
  seedPauseMs: 1_000,
  seedPauseMsMax: 30_000,
  /** Milliseconds for a seed to answer a registration or a refresh. */
  registerAnswerMs: 3_000,
  /**
   * Milliseconds in which the rest of a classic seed's one list may come. Its pieces follow one
   * another closely, but one that begins within an address is read only after `unfinishedMs`.
   */
  classicListMs: 10_000,
  /** Pieces of such a list, for each of which it is made anew: sixty segments of a slow network. */
  classicPiecesMax: 64,
  /**
   * Characters of a list up to which it is written whenever it has changed: the 270 peers of one
   * machine. A longer one is written once a liveness interval, or the log would grow by megabytes.
   */
  listRecordCharactersMax: 4_096,
  /** Milliseconds between two messages to a classic seed, so that it never reads two at once. */
  classicSpacingMs: 200,
  /**
   * Milliseconds before the first refresh while there are too few neighbors; doubled up to the
   * next, which is also a full candidate's first rest: by then it has asked whom it may let in.
   */
  refreshFirstMs: 250,
  refreshFewMs: 1_500,
  /** Liveness intervals between refreshes otherwise. */
  refreshIntervals: 5,
  /** Dead reports kept for a time in which no seed can be reached. */
  reportsPendingMax: 64,
  /** Seeds in a config file. */
  seedsMax: 1_000,
  /** Bytes of a config file: `seedsMax` lines with comments. */
  configBytesMax: 262_144,

  // Peers: overlay

  /** Milliseconds that a leaving peer's last messages have to go out. */
  leaveMs: 500,

  /** Milliseconds for the answer to a connect request; a full classic peer stays silent. */
  connectAnswerMs: 1_500,
  /**
   * Connect requests at once to candidates: more than a join or the loss of a hub's many links
   * takes, and few enough for a list of addresses at which nobody is.
   */
  connectRequestsMax: 32,
  /** Connect requests a second after that: an honest candidate is found soon even among hundreds. */
  connectRequestsPerSecondMax: 10,
  /**
   * Milliseconds for which a candidate that refused or failed is not picked again; doubled each
   * time in a row up to the next, since a place may be free or a peer back any time.
   */
  candidateRestMs: 5_000,
  candidateRestMsMax: 30_000,
  /**
   * Milliseconds up to which those of one are doubled that takes a place and is lost again before
   * it has answered over a link that held for an interval: it keeps the place from others.
   */
  unprovenRestMsMax: 300_000,
  /** Links to one neighbor that break in a row, each within an interval, until it is let go. */
  brokenLinksMax: 3,
  /** Candidates at rest that are remembered. */
  candidatesRestingMax: 4_096,
  /** Milliseconds for which lost neighbors are tried again, one an interval: heals a split. */
  lostNeighborMs: 3_600_000,
  /** Lost neighbors that are remembered. */
  lostNeighborsMax: 64,
  /** Messages that wait for one classic neighbor, to which each takes a connection of its own. */
  errandsPerNeighborMax: 64,
  /** Of these, how many may be passed on for others: the rest is for the peer's own messages. */
  errandsRelayedPerNeighborMax: 48,
  /** Connections at once to one classic neighbor, each a thread of its own over there. */
  errandsAtOnceMax: 4,

  // Peers: gossip

  /** Milliseconds from the first neighbor to the first message: the other picks connect meanwhile. */
  gossipSettleMs: 200,
  /**
   * Milliseconds: the message list's window. Older messages are not taken, so that nothing can
   * come again after it was forgotten. A message crosses a network of thousands within seconds, a
   * classic one within two: ten minutes is far longer than any can travel.
   */
  messageWindowMs: 600_000,
  /** Milliseconds a message's timestamp may be ahead: clocks of lab machines differ by minutes. */
  clockSkewMs: 300_000,
  /**
   * New messages at once from all strangers, be they neighbors or not: ten seconds' worth, which
   * were held up. Classic neighbors send as strangers, over a connection of its own each message.
   */
  strangerMessagesMax: 500,
  /** Such messages a second after that: a classic network of 250 at the assignment's pace. */
  strangerMessagesPerSecondMax: 50,
  /** New messages at once from one neighbor: a network of thousands after a pause. */
  neighborMessagesMax: 5_000,
  /** Such messages a second after that: about as many in all as the message list is made for. */
  neighborMessagesPerSecondMax: 1_000,
  /** Messages that a neighbor has made itself, before the others count: typed ones, two hundred. */
  ownMessagesMax: 200,
  /** Such messages a second after that, twenty times `--timing quick`; more count with the others'. */
  ownMessagesPerSecondMax: 20,
  /** Neighbors, present and past, of whom that is counted: far more than come and go in a burst. */
  countedNeighborsMax: 1_024,
  /** Digests the message list holds: 1,000 messages a second for the window and the skew. */
  digestsMax: 1_048_576,
  /** Messages kept with their text and links for `/ml`: what a person may look back on. */
  recentMessagesMax: 1_000,
  /** Rows of the message list that are written at exit or on `/ml`. */
  messageRowsMax: 100,
  /** The highest message number that is taken: what a float64 counts exactly. */
  messageNumberMax: Number.MAX_SAFE_INTEGER,
} as const;

/** The bounds of one node. */
export type Limits = { readonly [K in keyof typeof LIMITS]: number };
