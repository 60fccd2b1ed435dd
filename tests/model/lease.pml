/* The lease chain: client, follower, leader. Does D = A + T - Delta ever lie after the expiry?
 *
 * What is modelled: sdk/core/evidence.cpp (rules of gaps and quarantine as they are there) on top of
 * how a ZooKeeper ensemble keeps a session alive: a follower notes who was heard of, and passes it
 * on when it answers its leader's pings, one each half tick. Times are ages in quarters of a tick,
 * that stop at the value from which they make no difference any more; so runs are of any length.
 *
 * Bounds: tick = 4 units, syncLimit = SYNC_LIMIT ticks, G = GAP units, T = Delta + IN_HAND units; at
 * most OUTSTANDING requests without an answer, one of them sent per unit; STOPS stops of each server
 * that serves us. Unlimited: requests and answers that are as late as they like, stops of the client,
 * lost connections, attachments, link failures one at a time, leaders that lose their quorum.
 *
 * Abstracted: rho and eps are 0, and the link between servers is instant while it works. A stopped
 * follower does all that is due, reading and closing, before it is stopped again. The first line of D
 * only: its second, createSession + T, needs no proof, since the leader's clock starts after that was
 * sent.
 *
 * S3: whenever the session has expired, which it may from T after the leader's last touch, D has
 * passed. */

#ifndef SYNC_LIMIT
#define SYNC_LIMIT 1
#endif
#ifndef IN_HAND
#define IN_HAND (GAP + 1) /* more than G, so that the slowest answer that counts still gives a lease */
#endif
#ifndef OUTSTANDING
#define OUTSTANDING 2
#endif
#ifndef STOPS
#define STOPS 1
#endif

#define TICK 4
#ifndef GAP
#define GAP 4 /* G */
#endif
#ifndef STEP
#define STEP (TICK * 3 / 4 + GAP / 2)
#endif
#define DELTA_IN_FULL ((SYNC_LIMIT + 2) * TICK + GAP)

/* ---- what the variants change ---- */

#ifdef NO_DELTA
#define DELTA 0
#endif
#ifdef DELTA_SHORT
#define DELTA (DELTA_IN_FULL - DELTA_SHORT)
#endif
#ifdef PARANOID
#define DELTA (DELTA_IN_FULL + SYNC_LIMIT * TICK)
#endif
#ifndef DELTA
#define DELTA DELTA_IN_FULL
#endif
#define QUARANTINE DELTA
#define T (DELTA + IN_HAND)

#ifdef LATE_PINGS
#define PING_LATEST (TICK / 2 + TICK)
#else
#define PING_LATEST (TICK / 2)
#endif

#define SERVES_WITHOUT_WORD (SYNC_LIMIT * TICK)
#define LEADS_WITHOUT_QUORUM ((SYNC_LIMIT + 1) * TICK)
#define OLD (STEP + 1) /* an age from which a request is late by every rule */

#define grow(age, limit) age = (age < limit -> age + 1 : age)

/* ---- the leader ---- */
byte touched_ago;  /* since the ruling leader touched the session */
byte pinged_ago;   /* since it pinged the follower */
byte deposed_ago;  /* since our follower's leader lost its quorum */
bool is_deposed, is_gone, is_expired;

/* ---- our follower ---- */
byte heard_ago; /* since it read something from its leader */
bool is_serving, is_linked, is_stopped, has_touch;
byte pings;     /* in its buffer, unread; then in this order: */
bool has_answer, has_end;
byte stops;     /* of this follower, since it serves us */
byte lost_touches;
bool was_healed; /* the link failed before; only with FLAPPING */

/* ---- the client ---- */
mtype = { Down, Greeting, Open };
mtype state = Open;
byte attach_ago; /* since the connect request was sent */
bool is_revalidated;
byte n, handled;         /* requests without an answer; how many of them the follower has handled */
byte sent_ago[OUTSTANDING], before_ago[OUTSTANDING]; /* before: the send before that one */
bool counts[OUTSTANDING]; /* sent while acknowledgements count */
byte last_ago;           /* since the last send */
byte evidence_ago;       /* now - A; D has passed at IN_HAND */
byte quarantine;         /* how long acknowledgements of what is sent do not count yet */

byte i; /* of loops; 0 between the steps */

inline open_gap() {
#ifndef NO_GAP_RULE
    quarantine = QUARANTINE;
        do
    :: i < OUTSTANDING -> counts[i] = false; i++
    :: else -> i = 0; break
    od
#else
    skip
#endif
}

/* Evidence::on_time, first in each turn of the client. */
inline notice_gaps() {
    if
    :: last_ago > TICK -> open_gap()
    :: else
    fi;
    if
#ifdef NO_STEP_RULE
    :: n > 0 && sent_ago[0] > GAP -> open_gap()
#else
    :: n > 0 && (sent_ago[0] > GAP || before_ago[0] > STEP) -> open_gap()
#endif
    :: else
    fi
}

inline remember_send(previous) {
    sent_ago[n] = 0;
    before_ago[n] = previous;
    counts[n] = quarantine == 0;
    n++;
    last_ago = 0
}

/* Sets all to zero that will not be looked at again before it is set: fewer states. */
inline forget_connection() {
    state = Down;
    quarantine = 0;
    is_serving = false;
    is_linked = true;
    is_stopped = false;
    has_touch = false;
    pings = 0;
    has_end = false;
    stops = 0;
    lost_touches = 0;
    was_healed = false;
    heard_ago = 0;
    n = 0;
    handled = 0;
        do
    :: i < OUTSTANDING -> sent_ago[i] = 0; before_ago[i] = 0; counts[i] = false; i++
    :: else -> i = 0; break
    od;
    last_ago = 0;
    attach_ago = 0;
    is_revalidated = false;
    has_answer = false
}

/* The next one to serve us: in touch with the leader, and nothing of ours noted yet. */
inline other_server() {
    is_serving = true;
    is_linked = true
}

#define is_reading (pings > 0 || has_answer || has_end)
#define touch() \
    if \
    :: !is_deposed && !is_expired -> touched_ago = 0 \
    :: else \
    fi

/* Looked at in every state. */
#define s3 (!is_expired || evidence_ago >= IN_HAND)

init {
    d_step {
        other_server();
        touched_ago = 0;
        evidence_ago = 0
    }

    do
    :: !(s3) -> assert(false)

    /* ---- the client ---- */

    :: d_step { state == Open && n < OUTSTANDING && last_ago > 0 ->
        printf("client: sends a request %d units after the one before\n", last_ago);
        notice_gaps();
        if
        :: last_ago > TICK -> remember_send(0) /* what follows a silence is measured among itself */
        :: else -> remember_send(last_ago)
        fi
       }

    :: d_step { state == Open && handled > 0 ->
        notice_gaps();
        if
        :: counts[0] ->
#ifdef BY_REPLY_TIME
            evidence_ago = 0;
#else
            if
            :: sent_ago[0] < evidence_ago -> evidence_ago = sent_ago[0]
            :: else
            fi;
#endif
            printf("client: reads the answer to what it sent %d units ago: D moves\n", sent_ago[0])
        :: else -> printf("client: reads an answer that does not count\n")
        fi;
        i = 1;
        do
        :: i < OUTSTANDING ->
            sent_ago[i - 1] = sent_ago[i];
            before_ago[i - 1] = before_ago[i];
            counts[i - 1] = counts[i];
            i++
        :: else -> i = 0; break
        od;
        sent_ago[OUTSTANDING - 1] = 0;
        before_ago[OUTSTANDING - 1] = 0;
        counts[OUTSTANDING - 1] = false;
        n--;
        handled--
       }

    :: d_step { state != Down ->
        printf("client: its connection is lost\n");
        forget_connection()
       }

    :: d_step { state == Down && is_deposed && !is_gone ->
        printf("client: dials another server of the deposed leader\n");
        other_server();
        state = Greeting
       }

    :: d_step { state == Down ->
        printf("client: dials another server of the ruling leader\n");
        other_server();
        is_deposed = false;
        is_gone = false;
        deposed_ago = 0;
        state = Greeting
       }

    :: d_step { state == Greeting && is_revalidated ->
        state = Open;
        is_revalidated = false;
        quarantine = 0;
        last_ago = attach_ago;
        if
        :: attach_ago > GAP ->
            printf("client: is attached after %d units, too slow to count\n", attach_ago);
            open_gap()
        :: else ->
            printf("client: is attached after %d units: D moves\n", attach_ago);
            if
            :: attach_ago < evidence_ago -> evidence_ago = attach_ago
            :: else
            fi
        fi;
        remember_send(attach_ago);
        attach_ago = 0
       }

    /* ---- the follower ---- */

    :: d_step { is_serving && !is_stopped && state == Open && handled < n ->
        printf("follower: handles a request, and notes a touch\n");
        handled++;
        has_touch = true
       }

#ifdef LOST_TOUCHES
    /* The touch is noted in the table that has just been read out, as it can be since 3.5. */
    :: d_step { is_serving && !is_stopped && is_linked && !is_gone && state == Open &&
                handled < n && pings > 0 && !has_answer && !has_end && lost_touches < LOST_TOUCHES ->
        printf("follower: answers a ping while it handles a request, whose touch gets lost\n");
        if
        :: has_touch -> touch()
        :: else
        fi;
        has_touch = false;
        heard_ago = 0;
        pings = 0;
        handled++;
        lost_touches++
       }
#endif

    :: d_step { is_serving && !is_stopped && is_linked && !is_gone && state == Greeting &&
                !is_revalidated && !has_answer && !(is_expired && !is_deposed) ->
        printf("leader: revalidates the session\n");
        touch();
        has_answer = true
       }

    :: d_step { is_serving && !is_stopped && is_reading ->
        heard_ago = 0;
        if
        :: pings > 0 ->
            if
            :: is_linked && !is_gone && has_touch ->
                printf("follower: answers a ping, and passes on a touch\n");
                touch()
            :: else -> printf("follower: reads a ping, and has nothing to pass on, or no link\n")
            fi;
            has_touch = false;
#ifdef PARTIAL_READS
            pings--
#else
            pings = 0
#endif
        :: else
        fi;
        if
        :: pings == 0 && has_answer ->
            has_answer = false;
            is_revalidated = true
        :: else
        fi;
        if
        :: pings == 0 && has_end ->
            printf("follower: closes the connection, as its leader says\n");
            has_end = false;
            is_serving = false
        :: else
        fi
       }

    :: d_step { is_serving && !is_stopped && heard_ago >= SERVES_WITHOUT_WORD && !is_reading ->
        printf("follower: has no leader any more, and closes the connection\n");
        is_serving = false
       }

#ifdef PARTIAL_READS
    :: d_step { is_serving && !is_stopped && state != Down ->
#else
    :: d_step { is_serving && !is_stopped && state != Down && !is_reading &&
                heard_ago <= SERVES_WITHOUT_WORD && stops < STOPS ->
#endif
#if STOPS < 255
        stops++;
#endif
        printf("follower: is stopped\n");
        is_stopped = true
       }

    :: d_step { is_stopped ->
        printf("follower: goes on\n");
        is_stopped = false
       }

    /* ---- the leader ---- */

    :: d_step { pinged_ago >= TICK / 2 ->
        pinged_ago = 0;
        if
        :: is_serving && is_linked && !is_gone ->
            printf("leader: pings\n");
#ifdef PARTIAL_READS
            grow(pings, 2)
#else
            pings = 1
#endif
        :: else
        fi
       }

    :: d_step { touched_ago >= T && !is_expired ->
        printf("leader: the session has expired\n");
        is_expired = true;
        if
        :: is_serving && is_linked && !is_deposed -> has_end = true
        :: else
        fi
       }

    /* ---- failures, one link at a time ---- */

    :: d_step { is_serving && is_linked && !is_deposed && !is_expired ->
        printf("link: the follower and its leader are cut off from each other\n");
        is_linked = false
       }

#ifdef FLAPPING
    :: d_step { is_serving && !is_linked && !was_healed ->
        printf("link: it works again, and what was sent meanwhile arrives\n");
        is_linked = true;
        was_healed = true;
        if
        :: pinged_ago < heard_ago -> pings = 1
        :: else
        fi;
        has_end = is_expired
       }
#endif

    :: d_step { is_linked && !is_deposed && !is_expired ->
        printf("leader: is cut off from its quorum; another one rules, and restarts all sessions\n");
        is_deposed = true;
        touched_ago = 0
       }

    :: d_step { is_deposed && !is_gone && deposed_ago >= LEADS_WITHOUT_QUORUM ->
        printf("leader: steps down\n");
        is_gone = true;
        if
        :: is_serving -> has_end = true
        :: else
        fi
       }

    /* ---- time ---- */

    :: d_step { pinged_ago < PING_LATEST &&
                (!is_serving || is_stopped || (heard_ago < SERVES_WITHOUT_WORD && !is_reading)) &&
                (!is_deposed || is_gone || deposed_ago < LEADS_WITHOUT_QUORUM) ->
        printf("---- a quarter of a tick\n");
        grow(touched_ago, T);
        pinged_ago++;
        if
        :: is_deposed && !is_gone -> deposed_ago++
        :: else
        fi;
        grow(heard_ago, SERVES_WITHOUT_WORD + 1);
        if
        :: state == Greeting -> grow(attach_ago, OLD)
        :: else
        fi;
                do
        :: i < n -> grow(sent_ago[i], OLD); grow(before_ago[i], OLD); i++
        :: else -> i = 0; break
        od;
        if
        :: state == Open -> grow(last_ago, OLD)
        :: else
        fi;
        grow(evidence_ago, IN_HAND);
        if
        :: quarantine > 0 -> quarantine--
        :: else
        fi
       }
    od
}
