/* The rule of three writes: D = s_i + T, for acknowledged writes i, j, k of one session with
 * s_j >= r_i + 1.5 tick and s_k >= r_j.
 *
 * With SPARE_TOUCH i and i' may be answered by the follower alone, as pings are.
 *
 * What is modelled: the two streams between a follower and its leader, which keep their order; the
 * follower's table of touches, which goes with its answer to a ping; the leader's pings, each half a
 * tick, up to PING_LATE later; writes that the leader commits while it rules; a leader that lost its
 * quorum; a session that expires; another connection. No rule of gaps, no Delta, no G: every message
 * may be as late as it likes, in its stream.
 *
 * It is enough to follow one choice of i, j and k, for any write may be i; whatever else the client
 * sends can only add touches. What has to hold when k is acknowledged: the ruling leader has touched
 * the live session at s_i or later. Then it does not expire before s_i + T, for every T; so T, and the
 * time of the expiry, are not in the model: the session may expire at any time.
 *
 * Bounds: tick = 4 units; ATTACHMENTS further connections; one leader that is deposed. */

#ifndef ATTACHMENTS
#define ATTACHMENTS 2
#endif

#define TICK 4
#ifndef PING_LATE
#define PING_LATE TICK
#endif
#ifndef SPACING
#define SPACING (TICK * 3 / 2) /* from r_i to s_j */
#endif
#ifndef LOST_TOUCHES
#define LOST_TOUCHES 0 /* how often a touch goes down between two tables, as it can since 3.5 */
#endif
#define PING_DUE (TICK / 2 + PING_LATE)

mtype = { Ping, Pong, Write, Commit, None, First, Spare, Second, Third, Proven };

chan to_follower = [4] of { mtype, mtype };     /* Ping, or Commit of a write */
chan to_leader = [4] of { mtype, mtype, bool }; /* Pong with a touch or without, or Write */
mtype request = None, reply = None; /* the client has one write under way at a time */

mtype done = None; /* the last write that was acknowledged */
byte replied_ago;  /* since that acknowledgement */
byte pinged_ago;
bool has_touch;
bool is_begun, was_touched; /* i was sent; and since then the ruling leader touched the session */
bool is_deposed, is_expired;
bool carries; /* of one step only, as is the next */
mtype write = None;
byte attachments, lost_touches;

mtype waiting = None; /* a write that the follower has passed on */
#define is_idle (request == None && reply == None && waiting == None)

/* i is First, i' is Spare, j is Second, k is Third. */
inline send(which) {
    request = which;
    printf("client: sends write %e, %d units after the last answer\n", which, replied_ago)
}

inline touch() {
    if
    :: is_begun && !is_deposed && !is_expired -> was_touched = true
    :: else
    fi
}

inline forget_streams() {
    do
    :: len(to_follower) > 0 -> to_follower ? _, _
    :: len(to_follower) == 0 && len(to_leader) > 0 -> to_leader ? _, _, _
    :: len(to_follower) == 0 && len(to_leader) == 0 -> break
    od;
    request = None;
    waiting = None;
    reply = None;
    has_touch = false
}

init {
    do
    :: done == Proven -> assert(was_touched); break

    /* ---- the client ---- */

    :: d_step { done == None && is_idle -> send(First); is_begun = true }

#ifdef SPARE_TOUCH
    :: d_step { done == First && is_idle -> send(Spare) }
    :: d_step { done == Spare && is_idle && replied_ago >= SPACING -> send(Second) }
#else
    :: d_step { done == First && is_idle && replied_ago >= SPACING -> send(Second) }
#endif
    :: d_step { done == Second && is_idle -> send(Third) }

    :: d_step { reply != None ->
        printf("client: write %e is acknowledged\n", reply);
        done = reply;
        reply = None;
        replied_ago = 0;
        if
#ifdef PAIR_RULE
        :: done == Second -> done = Proven
#endif
        :: done == Third -> done = Proven
        :: else
        fi
       }

    :: d_step { attachments < ATTACHMENTS ->
        printf("client: moves to another server, and loses what was under way\n");
        attachments++;
        forget_streams();
        is_begun = done != None;
        was_touched = was_touched && is_begun;
        touch()
       }

    /* ---- the follower ---- */

    :: d_step { request != None && nfull(to_leader) ->
        printf("follower: notes a touch, and passes write %e on\n", request);
        has_touch = true;
        to_leader ! Write, request, false;
        waiting = request;
        request = None
       }

#ifdef SPARE_TOUCH
    :: d_step { request == First || request == Spare ->
        printf("follower: notes a touch, and answers %e by itself\n", request);
        has_touch = true;
        reply = request;
        request = None
       }
#endif

    :: d_step { to_follower ? [Ping, None] && nfull(to_leader) ->
        to_follower ? Ping, None;
        printf("follower: answers a ping, with %d touches\n", has_touch);
        to_leader ! Pong, None, has_touch;
        has_touch = false
       }

    /* The touch is noted in the table that has just been read out. */
    :: d_step { to_follower ? [Ping, None] && request != None && len(to_leader) < 3 &&
                lost_touches < LOST_TOUCHES ->
        to_follower ? Ping, None;
        printf("follower: answers a ping while it handles write %e, whose touch gets lost\n",
               request);
        to_leader ! Pong, None, has_touch;
        has_touch = false;
        to_leader ! Write, request, false;
        waiting = request;
        request = None;
        lost_touches++
       }

#ifdef SPARE_TOUCH
    :: d_step { to_follower ? [Ping, None] && (request == First || request == Spare) &&
                nfull(to_leader) && lost_touches < LOST_TOUCHES ->
        to_follower ? Ping, None;
        printf("follower: answers a ping while it answers %e by itself, whose touch gets lost\n",
               request);
        to_leader ! Pong, None, has_touch;
        has_touch = false;
        reply = request;
        request = None;
        lost_touches++
       }
#endif

    :: d_step { to_follower ? [Commit, _] ->
        to_follower ? Commit, reply;
        printf("follower: answers write %e\n", reply);
        waiting = None
       }

    /* ---- the leader ---- */

    :: d_step { pinged_ago >= TICK / 2 && nfull(to_follower) ->
        printf("leader: pings\n");
        to_follower ! Ping, None;
        pinged_ago = 0
       }

    :: d_step { pinged_ago < PING_DUE && to_leader ? [Pong, _, _] ->
        to_leader ? Pong, _, carries;
        if
        :: carries -> printf("leader: touches the session\n"); touch()
        :: else
        fi;
        carries = false
       }

    /* Only who rules can commit, and only for a session that is alive. */
    :: d_step { pinged_ago < PING_DUE && to_leader ? [Write, _, _] && nfull(to_follower) ->
        to_leader ? Write, write, _;
        if
#ifdef BY_SYNC
        :: !is_expired -> to_follower ! Commit, write
#else
        :: !is_deposed && !is_expired -> to_follower ! Commit, write
#endif
        :: else -> printf("leader: cannot commit\n")
        fi;
        write = None
       }

    :: d_step { !is_deposed && !is_expired ->
        printf("leader: loses its quorum; another one restarts all sessions\n");
        touch();
        is_deposed = true
       }

    :: d_step { is_deposed && attachments < ATTACHMENTS && is_idle ->
        printf("client: moves to a server of the ruling leader\n");
        attachments++;
        forget_streams();
        is_deposed = false;
        touch()
       }

    :: d_step { !is_expired ->
        printf("leader: the session expires\n");
        is_expired = true
       }

    /* ---- time ---- */

    :: d_step { pinged_ago < PING_DUE ->
        printf("---- a quarter of a tick\n");
        pinged_ago++;
        replied_ago = (replied_ago < SPACING -> replied_ago + 1 : replied_ago)
       }
    od
}
