/* The exclusive lock: contenders, watches, the reaper, and a server that may lag.
 *
 * What is modelled: sdk/core/contender.cpp, lock_queue.cpp and reaper.cpp for one lock path, on the
 * wire: create and list in one write; getData with a watch on the nearest one ahead and, when one is
 * waiting or the create's answer was lost, on the own node; a removal or NoNode as the wake-up; the
 * remembered list, walked down; the grant without reading again; the delete of the own name; the
 * list after each re-attachment; a create whose answer was lost, resolved behind a write barrier;
 * nodes given up at any step, and the reaper. Of the server: one log of transactions, and for each
 * client a server that applies them later, in order; answers to writes when they are applied there;
 * reads behind writes of the same connection; one-shot watches, forgotten with the connection;
 * sequence numbers; sessions and their expiry.
 *
 * Bounds (totals of a run, each run with any number up to them): CLIENTS clients with ATTEMPTS
 * acquisitions each; DROPS lost connections with whatever requests and answers are on their way;
 * STALLS safe deadlines that pass (partitions, stops); EXPIRIES expired sessions; CANCELS waiters
 * that give up; a server lags behind by at most LAG transactions.
 *
 * Abstracted: time. A safe deadline may pass at any moment, and a session may expire only then: that
 * is S3, and shown by lease.pml. Missing parents, sequence numbers that wrap, names of other
 * libraries, several callers behind one contender, the own-node watch by option.
 *
 * Properties: S1, S2, S5, S10, S13 as assertions. L2 and "nothing left over": every run ends (all
 * that repeats is bounded), and only where everybody has had all attempts, with no node, no watch and
 * nothing for the reaper left; any other end is an invalid end state. */

#ifndef CLIENTS
#define CLIENTS 2
#endif
#ifndef ATTEMPTS
#define ATTEMPTS 2
#endif
#ifndef DROPS
#define DROPS 1
#endif
#ifndef STALLS
#define STALLS 1
#endif
#ifndef EXPIRIES
#define EXPIRIES 1
#endif
#ifndef CANCELS
#define CANCELS 1
#endif
#ifndef LAG
#define LAG 3
#endif
#define NODES 8      /* that can ever be created: bits of a byte */
#define CONDEMNED 2  /* nodes in a reaper at a time */

mtype = {
    /* requests */
    Create, List, Barrier, Watch, Delete,
    /* transactions that need no request; answers; events */
    Expire, Created, Listed, Data, NoNode, Deleted, Gone,
    /* a contender's states */
    Idle, Creating, Uncertain, Listing, Waiting, First, Held,
    /* a condemned node's */
    Free, Awaited, Due, Resolving, Deleting
};

#define bit(node) (1 << (node))
#define lower(node) (bit(node) - 1)
#define NONE 255
#define for_contender 0
#define for_reaper 1

/* ---- the ensemble ---- */
byte tree;                /* the nodes there are, after the last transaction of the log */
byte created;             /* how many there ever were: the next sequence number */
byte owner[NODES], prefix_of[NODES], attempt_of[NODES];
bool is_alive[CLIENTS];   /* the session */
byte orphans;             /* nodes of sessions that were given up alive: only with ADOPT */

/* Each client's server: what it has not yet applied, and what it shows. */
chan log[CLIENTS] = [LAG] of { mtype, byte, bool }; /* what, node or nodes, asked by this connection */
byte shown[CLIENTS];
byte watched_by[CLIENTS]; /* nodes with a watch of this client */
byte unapplied[CLIENTS];  /* writes of this connection */

/* kind, node or prefix, for whom, of this connection; and answers: kind, node or prefix, for whom,
 * children */
chan requests[CLIENTS] = [8] of { mtype, byte, byte, bool };
chan answers[CLIENTS] = [8] of { mtype, byte, byte, byte };

/* ---- the clients ---- */
bool is_attached[CLIENTS], is_fresh[CLIENTS]; /* fresh: the safe deadline is ahead */
mtype state[CLIENTS] = Idle;
bool is_dead[CLIENTS];   /* a holder whose deadline has passed */
byte attempts[CLIENTS];  /* so far */
byte prefix[CLIENTS];    /* of the last create; each has its own */
byte own[CLIENTS] = NONE, watching[CLIENTS] = NONE;
byte ahead[CLIENTS];     /* remembered */
bool has_token[CLIENTS], is_own_watched[CLIENTS];
bool has_list[CLIENTS];  /* read after the create, on this connection; only to be looked at */

mtype fate[CLIENTS * CONDEMNED] = Free;
byte condemned_prefix[CLIENTS * CONDEMNED], condemned_node[CLIENTS * CONDEMNED] = NONE;

byte drops = DROPS, stalls = STALLS, expiries = EXPIRIES, cancels = CANCELS;

bool is_done[CLIENTS]; /* it has had all its attempts, and nothing is left of it */

/* ---- of one step only; 0 in between ---- */
byte i, j, node, arg, to, children;
bool is_ours;
mtype kind;

#define is_valid(c) (state[c] == Held && !is_dead[c])

/* Looked at wherever a lock becomes valid, or a node goes. */
inline check_locks() {
    i = 0;
    do
    :: i < CLIENTS ->
        if
        :: is_valid(i) ->
            assert(is_alive[i] && own[i] != NONE && (tree & bit(own[i])) && owner[own[i]] == i); /* S2 */
            j = 0;
            do
            :: j < CLIENTS -> assert(i == j || !is_valid(j)); j++ /* S1 */
            :: else -> break
            od
        :: else
        fi;
        i++
    :: else -> break
    od;
    i = 0;
    j = 0
}

/* ---- what the client sends ---- */

inline ask(c, what, about, whom) {
    assert(nfull(requests[c]));
    requests[c] ! what, about, whom, true
}

inline create_and_list(c) {
#ifndef SAME_PREFIX
    prefix[c]++;
#else
    prefix[c] = 1;
#endif
    state[c] = Creating;
#ifdef LIST_BEFORE_CREATE
    ask(c, List, prefix[c], for_contender);
    ask(c, Create, prefix[c], attempts[c])
#else
    ask(c, Create, prefix[c], attempts[c]);
    ask(c, List, prefix[c], for_contender)
#endif
}

inline forget_contender(c) {
    state[c] = Idle;
    own[c] = NONE;
    watching[c] = NONE;
    ahead[c] = 0;
    has_token[c] = false;
    is_own_watched[c] = false;
    has_list[c] = false;
    is_dead[c] = false
}

/* ---- the reaper ---- */

inline work_on(c, k) {
    if
    :: condemned_node[k] == NONE ->
        fate[k] = Resolving;
        ask(c, Barrier, 0, for_reaper);
        ask(c, List, condemned_prefix[k], for_reaper)
    :: else ->
        fate[k] = Deleting;
        ask(c, Delete, condemned_node[k], for_reaper)
    fi
}

inline finish(k) {
    fate[k] = Free;
    condemned_node[k] = NONE;
    condemned_prefix[k] = 0
}

/* Gives up the contender: its node goes to the reaper. */
inline abandon(c) {
#ifdef NO_REAPER
    if
    :: own[c] != NONE && is_attached[c] -> ask(c, Delete, own[c], for_reaper)
    :: else
    fi;
#else
    i = c * CONDEMNED;
    do
    :: fate[i] == Free -> break
    :: else -> i++
    od;
    assert(i < (c + 1) * CONDEMNED);
    condemned_prefix[i] = prefix[c];
    condemned_node[i] = own[c];
    if
    :: state[c] == Creating -> fate[i] = Awaited
    :: state[c] != Creating && is_attached[c] -> work_on(c, i)
    :: else -> fate[i] = Due
    fi;
    i = 0;
#endif
    forget_contender(c)
}

/* ---- the contender ---- */

inline try_grant(c) {
    if
#ifdef GRANT_WITHOUT_EVIDENCE
    :: state[c] == First ->
#else
    :: state[c] == First && is_fresh[c] ->
#endif
        printf("client %d: is granted the lock with node %d\n", c, own[c]);
        state[c] = Held;
        watching[c] = NONE;
        assert(has_list[c]);                 /* S5 (i); (iii) is the guard above, for S2 */
        assert((tree & lower(own[c])) == 0); /* S5 (ii) */
        check_locks()
    :: else
    fi
}

inline watch_next(c) {
    if
    :: ahead[c] == 0 ->
        watching[c] = NONE;
        if
        :: has_token[c] -> state[c] = First; try_grant(c)
        :: else -> state[c] = Waiting /* the token comes with the read of the own node */
        fi
    :: else ->
        state[c] = Waiting;
        watching[c] = NODES - 1;
        do
        :: ahead[c] & bit(watching[c]) -> break
        :: else -> watching[c]--
        od;
        ask(c, Watch, watching[c], for_contender)
    fi
}

inline read_queue(c) {
    if
#ifdef LIST_BEFORE_CREATE
    :: state[c] == Creating -> ahead[c] = children
#endif
    :: state[c] == Uncertain ->
        i = 0;
        do
        :: i < NODES && !((children & bit(i)) && owner[i] == c && prefix_of[i] == prefix[c]) -> i++
        :: else -> break
        od;
        if
        :: i < NODES ->
            printf("client %d: finds that its create made node %d\n", c, i);
            own[c] = i;
            state[c] = Listing
        :: else ->
            printf("client %d: finds that its create made nothing\n", c);
            create_and_list(c)
        fi;
        i = 0
    :: else
    fi;
    if
    :: state[c] == Listing && !(children & bit(own[c])) ->
        printf("client %d: its node is gone\n", c);
        abandon(c)
    :: state[c] == Listing && (children & bit(own[c])) ->
        has_list[c] = true;
        ahead[c] = children & lower(own[c]);
        watch_next(c);
        if
        :: !is_own_watched[c] && (ahead[c] != 0 || !has_token[c]) ->
            is_own_watched[c] = true;
            ask(c, Watch, own[c], for_contender)
        :: else
        fi
    :: else
    fi
}

/* A node is gone, by an event or by NoNode. */
inline on_gone(c, which) {
    if
    :: which == own[c] ->
        printf("client %d: its own node is gone\n", c);
        forget_contender(c)
    :: which != own[c] && state[c] == Waiting ->
        ahead[c] = ahead[c] & ~bit(which);
        if
        :: which == watching[c] ->
#ifdef NO_WALK_DOWN
            ahead[c] = 0;
#endif
            watch_next(c)
        :: else
        fi
    :: else
    fi
}

/* ---- the connection ---- */

/* What is on its way: answers are lost, requests may still arrive. */
inline disconnect(c) {
    is_attached[c] = false;
    do
    :: len(answers[c]) > 0 -> answers[c] ? _, _, _, _
    :: else -> break
    od;
    i = len(requests[c]);
    do
    :: i > 0 -> requests[c] ? kind, arg, to, _; requests[c] ! kind, arg, to, false; i--
    :: else -> break
    od;
    i = len(log[c]);
    do
    :: i > 0 -> log[c] ? kind, arg, _; log[c] ! kind, arg, false; i--
    :: else -> break
    od;
    unapplied[c] = 0;
    watched_by[c] = 0;
    is_own_watched[c] = false;
    has_list[c] = false;
    kind = 0;
    arg = 0;
    to = 0;
    if
    :: state[c] == Creating -> state[c] = Uncertain
#ifndef KEEP_THE_LIST
    :: state[c] == Waiting || state[c] == First ->
        state[c] = Listing;
        watching[c] = NONE;
        ahead[c] = 0
#endif
    :: else
    fi;
    i = c * CONDEMNED;
    do
    :: i < (c + 1) * CONDEMNED ->
        if
        :: fate[i] != Free -> fate[i] = Due
        :: else
        fi;
        i++
    :: else -> break
    od;
    i = 0
}

inline forget_requests(c) {
    do
    :: len(requests[c]) > 0 -> requests[c] ? _, _, _, _
    :: else -> break
    od
}

inline reattach(c) {
    is_attached[c] = true;
    is_fresh[c] = true;
    i = c * CONDEMNED;
    do
    :: i < (c + 1) * CONDEMNED ->
        if
        :: fate[i] == Due -> work_on(c, i)
        :: else
        fi;
        i++
    :: else -> break
    od;
    i = 0;
    if
    :: state[c] == Uncertain ->
#ifdef CREATE_AGAIN
        create_and_list(c)
#else
        ask(c, Barrier, 0, for_contender);
        ask(c, List, prefix[c], for_contender)
#endif
    :: state[c] == Listing -> ask(c, List, prefix[c], for_contender)
    :: state[c] == Held ->
        is_own_watched[c] = true;
        ask(c, Watch, own[c], for_contender)
    :: else
    fi
}

/* ---- the log ---- */

#if CLIENTS == 2
#define can_write (nfull(log[0]) && nfull(log[1]))
#define all_done (is_done[0] && is_done[1])
#else
#define can_write (nfull(log[0]) && nfull(log[1]) && nfull(log[2]))
#define all_done (is_done[0] && is_done[1] && is_done[2])
#endif

inline append(what, about, c, asked) {
    i = 0;
    do
    :: i < CLIENTS && !is_done[i] -> log[i] ! what, about, (asked && i == c); i++
    :: i < CLIENTS && is_done[i] -> i++
    :: else -> break
    od;
    i = 0;
    if
    :: asked -> unapplied[c]++
    :: else
    fi
}

inline make_node(c) {
    assert(created < NODES);
    node = created;
    created++;
    tree = tree | bit(node);
    owner[node] = c;
    prefix_of[node] = arg;
    attempt_of[node] = to;
    printf("ensemble: creates node %d of client %d\n", node, c);
    i = 0;
    do
    :: i < node -> assert(owner[i] != c || attempt_of[i] != to); i++ /* S13 */
    :: else -> break
    od;
    append(Create, node, c, is_ours);
    node = 0
}

inline remove_node(c) {
    if
    :: tree & bit(arg) ->
        printf("ensemble: deletes node %d\n", arg);
        /* S10: it is of an acquisition that is over */
        assert(owner[arg] == c && (state[c] == Idle || attempt_of[arg] != attempts[c]));
        tree = tree & ~bit(arg)
    :: else
    fi;
    check_locks();
    append(Delete, arg, c, is_ours)
}

/* The client's server shows that a node is gone. */
inline show_gone(c, which) {
    shown[c] = shown[c] & ~bit(which);
    if
    :: watched_by[c] & bit(which) ->
        watched_by[c] = watched_by[c] & ~bit(which);
        assert(nfull(answers[c]));
        answers[c] ! Deleted, which, 0, 0
    :: else
    fi
}

#define request_is(c, what) requests[c] ? [what, _, _, _]
#define is_write(c) (request_is(c, Create) || request_is(c, Delete) || request_is(c, Barrier))

proctype Client(byte me) {
    do
    :: d_step { is_attached[me] && state[me] == Idle && attempts[me] < ATTEMPTS ->
        attempts[me]++;
        printf("client %d: begins attempt %d\n", me, attempts[me]);
        create_and_list(me)
       }

#ifdef DELETE_WHILE_VALID
    :: d_step { is_valid(me) && is_attached[me] && watching[me] == NONE ->
        printf("client %d: deletes its node, and is about to end its hold\n", me);
        ask(me, Delete, own[me], for_reaper);
        watching[me] = own[me]
       }
#endif

    :: d_step { state[me] == Held ->
        printf("client %d: ends its hold of node %d\n", me, own[me]);
        abandon(me)
       }

    :: d_step { cancels > 0 && state[me] != Idle && state[me] != Held ->
        cancels--;
        printf("client %d: gives up\n", me);
        abandon(me)
       }

    :: d_step { answers[me] ? [Created, _, _, _] ->
        answers[me] ? Created, node, arg, _;
        if
        :: state[me] == Creating && prefix[me] == arg ->
            own[me] = node;
            has_token[me] = true;
            state[me] = Listing;
#ifdef LIST_BEFORE_CREATE
            has_list[me] = true;
            watch_next(me)
#endif
        :: else ->
            i = me * CONDEMNED;
            do
            :: i < (me + 1) * CONDEMNED ->
                if
                :: fate[i] == Awaited && condemned_prefix[i] == arg ->
                    condemned_node[i] = node;
                    work_on(me, i)
                :: else
                fi;
                i++
            :: else -> break
            od;
            i = 0
        fi;
        node = 0;
        arg = 0
       }

    :: d_step { answers[me] ? [Listed, _, _, _] ->
        answers[me] ? Listed, arg, to, children;
        if
        :: to == for_contender && prefix[me] == arg -> read_queue(me)
        :: to == for_reaper ->
            j = me * CONDEMNED;
            do
            :: j < (me + 1) * CONDEMNED && !(fate[j] == Resolving && condemned_prefix[j] == arg) ->
                j++
            :: else -> break
            od;
            if
            :: j < (me + 1) * CONDEMNED ->
                node = 0;
                do
                :: node < NODES && !((children & bit(node)) && owner[node] == me &&
                                     prefix_of[node] == arg) -> node++
                :: else -> break
                od;
                if
                :: node < NODES -> condemned_node[j] = node; work_on(me, j)
                :: else -> finish(j)
                fi;
                node = 0
            :: else
            fi;
            j = 0
        :: else
        fi;
        arg = 0;
        to = 0;
        children = 0
       }

    :: d_step { answers[me] ? [Data, _, _, _] ->
        answers[me] ? Data, node, _, _;
        if
        :: node == own[me] ->
            has_token[me] = true;
            if
            :: state[me] == Waiting && ahead[me] == 0 -> state[me] = First; try_grant(me)
            :: else
            fi
        :: else
        fi;
        node = 0
       }

    :: d_step { answers[me] ? [NoNode, _, _, _] || answers[me] ? [Deleted, _, _, _] ->
        answers[me] ? kind, node, _, _;
#ifdef EXISTS_FOR_WAKE_UP
        if
        :: kind == Deleted -> on_gone(me, node)
        :: else
        fi;
#else
        on_gone(me, node);
#endif
        kind = 0;
        node = 0
       }

    :: d_step { answers[me] ? [Gone, _, _, _] ->
        answers[me] ? Gone, node, _, _;
        j = me * CONDEMNED;
        do
        :: j < (me + 1) * CONDEMNED ->
            if
            :: fate[j] == Deleting && condemned_node[j] == node -> finish(j)
            :: else
            fi;
            j++
        :: else -> break
        od;
        j = 0;
        node = 0
       }

    /* Something is acknowledged. */
    :: d_step { is_attached[me] && is_alive[me] && !is_fresh[me] ->
        printf("client %d: has evidence again\n", me);
        is_fresh[me] = true;
        try_grant(me)
       }

    :: d_step { !is_attached[me] && is_alive[me] ->
        printf("client %d: re-attaches; the server forgets old requests\n", me);
        forget_requests(me);
        reattach(me)
       }

    :: d_step { !is_attached[me] && is_alive[me] && len(requests[me]) > 0 &&
                len(requests[me]) < 4 ->
        printf("client %d: re-attaches to the same server, with old requests before the new\n", me);
#ifdef LATE_REQUESTS
        node = len(requests[me]);
        reattach(me);
        do
        :: node > 0 ->
            requests[me] ? kind, arg, to, is_ours;
            requests[me] ! kind, arg, to, is_ours;
            node--
        :: else -> break
        od;
        kind = 0;
        arg = 0;
        to = 0;
        is_ours = false
#else
        reattach(me)
#endif
       }

    :: d_step { !is_attached[me] && !is_alive[me] && len(log[me]) == 0 ->
        printf("client %d: learns that its session has expired, and opens another\n", me);
        forget_requests(me);
        i = me * CONDEMNED;
        do
        :: i < (me + 1) * CONDEMNED -> finish(i); i++
        :: else -> break
        od;
        i = 0;
        forget_contender(me);
        is_alive[me] = true;
        is_attached[me] = true;
        is_fresh[me] = true
       }

#ifdef ADOPT
    :: d_step { !is_attached[me] && is_alive[me] && !is_fresh[me] && len(log[me]) == 0 ->
        printf("client %d: opens a second session, and goes on with the nodes of the first\n", me);
        forget_requests(me);
        i = 0;
        do
        :: i < NODES ->
            if
            :: (tree & bit(i)) && owner[i] == me -> orphans = orphans | bit(i)
            :: else
            fi;
            i++
        :: else -> break
        od;
        i = 0;
        reattach(me)
       }
#endif

    /* ---- what happens to it ---- */

    :: d_step { is_attached[me] && drops > 0 ->
        printf("client %d: its connection is lost\n", me);
        drops--;
        disconnect(me)
       }

    :: d_step { is_attached[me] && !is_alive[me] ->
        printf("client %d: its server closes the connection of an expired session\n", me);
        disconnect(me)
       }

    :: d_step { is_fresh[me] && stalls > 0 ->
        printf("client %d: its safe deadline passes\n", me);
        stalls--;
        is_fresh[me] = false;
        is_dead[me] = state[me] == Held
       }

    :: d_step { state[me] == Idle && attempts[me] == ATTEMPTS && is_attached[me] &&
                fate[me * CONDEMNED] == Free && fate[me * CONDEMNED + 1] == Free &&
                len(requests[me]) == 0 && len(answers[me]) == 0 && is_alive[me] &&
                watched_by[me] == 0 ->
        is_done[me] = true;
        shown[me] = 0;
        is_fresh[me] = true;
        do
        :: len(log[me]) > 0 -> log[me] ? _, _, _
        :: else -> break
        od
       };
       break
    od
}

proctype Server(byte me) {
end:
    do
    :: d_step { request_is(me, Create) && can_write ->
        requests[me] ? _, arg, to, is_ours;
        if
        :: is_alive[me] -> make_node(me)
        :: else
        fi;
        arg = 0;
        to = 0;
        is_ours = false
       }

    :: d_step { request_is(me, Delete) && can_write ->
        requests[me] ? _, arg, _, is_ours;
        if
        :: is_alive[me] -> remove_node(me)
        :: else
        fi;
        arg = 0;
        is_ours = false
       }

    :: d_step { request_is(me, Barrier) && can_write ->
        requests[me] ? _, _, _, is_ours;
#ifndef SYNC_FOR_BARRIER
        if
        :: is_alive[me] && is_ours -> append(Barrier, 0, me, true)
        :: else
        fi;
#endif
        is_ours = false
       }

    /* Reads wait for the writes before them; those of a lost connection have no reader. */
    :: d_step { request_is(me, List) && unapplied[me] == 0 ->
        requests[me] ? _, arg, to, is_ours;
        if
        :: is_ours ->
            assert(nfull(answers[me]));
            answers[me] ! Listed, arg, to, shown[me]
        :: else
        fi;
        arg = 0;
        to = 0;
        is_ours = false
       }

    :: d_step { request_is(me, Watch) && unapplied[me] == 0 ->
        requests[me] ? _, arg, _, is_ours;
        if
        :: is_ours ->
            assert(nfull(answers[me]));
            if
            :: shown[me] & bit(arg) ->
                watched_by[me] = watched_by[me] | bit(arg);
                answers[me] ! Data, arg, 0, 0
            :: else -> answers[me] ! NoNode, arg, 0, 0
            fi
        :: else
        fi;
        arg = 0;
        is_ours = false
       }

    :: d_step { len(log[me]) > 0 ->
        log[me] ? kind, arg, is_ours;
        if
        :: is_ours -> unapplied[me]--
        :: else
        fi;
        if
        :: kind == Create ->
            shown[me] = shown[me] | bit(arg);
            if
            :: is_ours -> assert(nfull(answers[me])); answers[me] ! Created, arg, prefix_of[arg], 0
            :: else
            fi
        :: kind == Delete ->
            show_gone(me, arg);
            if
            :: is_ours -> assert(nfull(answers[me])); answers[me] ! Gone, arg, 0, 0
            :: else
            fi
        :: kind == Expire ->
            i = 0;
            do
            :: i < NODES ->
                if
                :: arg & bit(i) -> show_gone(me, i)
                :: else
                fi;
                i++
            :: else -> break
            od;
            i = 0
        :: else
        fi;
        kind = 0;
        arg = 0;
        is_ours = false
       }

#ifdef ADOPT
    :: d_step { orphans != 0 && can_write ->
        printf("ensemble: the first session of client %d expires\n", me);
        tree = tree & ~orphans;
        append(Expire, orphans, me, false);
        orphans = 0;
        check_locks()
       }
#endif

    /* The lease model: not before the safe deadline. */
    :: d_step { is_alive[me] && !is_fresh[me] && expiries > 0 && can_write ->
        printf("ensemble: the session of client %d expires\n", me);
        expiries--;
        is_alive[me] = false;
        arg = 0;
        i = 0;
        do
        :: i < NODES ->
            if
            :: (tree & bit(i)) && owner[i] == me -> arg = arg | bit(i)
            :: else
            fi;
            i++
        :: else -> break
        od;
        tree = tree & ~arg;
        append(Expire, arg, me, false);
        check_locks();
        arg = 0
       }
    od
}

init {
    /* Fewer faults than the bounds are runs, too. */
    do
    :: drops > 0 -> drops--
    :: stalls > 0 -> stalls--; expiries = (expiries > stalls -> stalls : expiries)
    :: expiries > 0 -> expiries--
    :: cancels > 0 -> cancels--
    :: break
    od;
    atomic {
        i = 0;
        do
        :: i < CLIENTS ->
            is_alive[i] = true;
            is_attached[i] = true;
            is_fresh[i] = true;
            run Client(i);
            run Server(i);
            i++
        :: else -> break
        od;
        i = 0
    }
    all_done;
    assert(tree == 0);
    j = 0;
    do
    :: j < CLIENTS -> assert(watched_by[j] == 0); j++
    :: else -> break
    od
}
