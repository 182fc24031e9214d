%% Baseline benchmarks for Erlang/OTP.  Own work.
%% Build: erlc bench.erl      Run: see README.md
%% Every case prints:  name <TAB> metric <TAB> median <TAB> min <TAB> max <TAB> unit
-module(bench).
-compile([nowarn_unused_function]).
-export([main/1, sleeper/0, idle/0, fib/1]).

-define(NOW, erlang:monotonic_time(nanosecond)).
%% time/1 measures the wall clock, or with CPUTIME=1 the CPU time of the whole VM (1 ms steps)
now_t() -> case os:getenv("CPUTIME") of false -> ?NOW; _ -> element(1, statistics(runtime)) * 1000000 end.

main(Args) ->
    Which = case Args of [] -> all; L -> [if is_atom(A) -> A; true -> list_to_atom(A) end || A <- L] end,
    io:format("# OTP ~s flavor=~p schedulers=~p~n",
              [erlang:system_info(otp_release), erlang:system_info(emu_flavor),
               erlang:system_info(schedulers_online)]),
    Cases = [{spawn_exit, fun spawn_exit/0}, {spawn_exit_seq, fun spawn_exit_seq/0},
             {idle, fun idle_mem/0}, {pingpong, fun pingpong/0}, {pingpong_call, fun pingpong_call/0},
             {ring, fun ring/0}, {fanin, fun fanin/0}, {notify, fun notify/0},
             {copy1k, fun copy1k/0}, {cpu, fun cpu/0}],
    _ = [F() || {N, F} <- Cases, Which =:= all orelse lists:member(N, Which)],
    _ = [million() || Which =/= all, lists:member(million, Which)],
    halt(0).

%% ---- helpers -------------------------------------------------------
med(L) -> S = lists:sort(L), lists:nth((length(S) + 1) div 2, S).
report(Case, Metric, Vals, Unit) ->
    io:format("~s\t~s\t~.4g\t~.4g\t~.4g\t~s~n",
              [Case, Metric, float(med(Vals)), float(lists:min(Vals)), float(lists:max(Vals)), Unit]).
%% run F in a fresh process (clean heap); R times
reps(R, F) -> [fresh(F) || _ <- lists:seq(1, R)].
fresh(F) ->
    Self = self(), Ref = make_ref(),
    {P, M} = spawn_opt(fun() -> Self ! {Ref, F()} end, [monitor]),
    receive {Ref, V} -> receive {'DOWN', M, process, P, _} -> V end;
            {'DOWN', M, process, P, E} -> exit(E) end.
time(F) -> T0 = now_t(), F(), max(1, now_t() - T0).
rss() ->
    {ok, B} = file:read_file("/proc/self/statm"),
    [_, R | _] = binary:split(B, <<" ">>, [global]),
    binary_to_integer(R) * 4096.

%% ---- 1. spawn + exit ------------------------------------------------
spawn_exit() ->
    N = 100000,
    %% (a) all spawned at once, each sends one message to the parent and ends
    V = reps(3, fun() ->
        S = self(),
        time(fun() ->
            spawn_n(N, fun() -> S ! done end), wait_n(N, done) end) / N end),
    report("spawn_exit", "burst_100k_ns_per_proc", V, "ns").
spawn_exit_seq() ->
    N = 100000,
    %% (b) one at a time: spawn_monitor, wait for its DOWN, next
    V = reps(3, fun() -> time(fun() -> seq(N) end) / N end),
    report("spawn_exit", "sequential_spawn_monitor_down_ns", V, "ns").
seq(0) -> ok;
seq(N) -> {P, M} = spawn_monitor(fun() -> ok end),
          receive {'DOWN', M, process, P, _} -> seq(N - 1) end.
spawn_n(0, _) -> ok;
spawn_n(N, F) -> spawn(F), spawn_n(N - 1, F).
wait_n(0, _) -> ok;
wait_n(N, T) -> receive T -> wait_n(N - 1, T) end.

%% ---- 2. memory of idle processes -----------------------------------
idle() -> receive {ping, F} -> F ! pong, idle(); stop -> ok end.
sleeper() -> erlang:hibernate(?MODULE, idle, []).
idle_mem() ->
    [begin
        erlang:garbage_collect(), timer:sleep(200),
        V = [begin
            R0 = rss(), M0 = erlang:memory(total),
            Ps = [spawn(?MODULE, F, []) || _ <- lists:seq(1, N)],
            _ = [P ! {ping, self()} || P <- Ps], wait_n(N, pong),
            timer:sleep(300),
            R1 = rss(), M1 = erlang:memory(total),
            _ = [exit(P, kill) || P <- Ps], timer:sleep(300), erlang:garbage_collect(),
            {(R1 - R0) / N, (M1 - M0) / N}
        end || _ <- lists:seq(1, 1)],
        {Rs, Ms} = lists:unzip(V),
        report("idle_mem", io_lib:format("~s_~p_rss_bytes_per_proc", [F, N]), Rs, "B"),
        report("idle_mem", io_lib:format("~s_~p_vmmem_bytes_per_proc", [F, N]), Ms, "B")
     end || F <- [idle], N <- [10000, 100000]].

%% ---- 3. ping-pong --------------------------------------------------
echo() -> receive {From, X} -> From ! X, echo(); stop -> ok end.
pingpong() ->
    N = 1000000,
    V = reps(3, fun() ->
        P = spawn(fun echo/0),
        T = time(fun() -> pp(N, P, self()) end), P ! stop, N * 1.0e9 / T end),
    report("pingpong", "bare_send_receive_roundtrips_per_s", V, "1/s").
pp(0, _, _) -> ok;
pp(N, P, S) -> P ! {S, N}, receive N -> pp(N - 1, P, S) end.
%% the same with a reference per call (what gen_server:call does: monitor + alias + demonitor)
server() -> receive {call, {From, Ref}, X} -> From ! {Ref, X}, server(); stop -> ok end.
pingpong_call() ->
    N = 300000,
    V = reps(3, fun() ->
        P = spawn(fun server/0),
        T = time(fun() -> pc(N, P) end), P ! stop, N * 1.0e9 / T end),
    report("pingpong", "call_with_monitor_roundtrips_per_s", V, "1/s").
pc(0, _) -> ok;
pc(N, P) ->
    Ref = erlang:monitor(process, P, [{alias, demonitor}]),
    P ! {call, {Ref, Ref}, N},
    receive {Ref, N} -> erlang:demonitor(Ref, [flush]), pc(N - 1, P) end.

%% ---- 4. ring --------------------------------------------------------
ring() ->
    Size = 1000, Laps = 1000,
    V = reps(3, fun() ->
        S = self(),
        First = lists:foldl(fun(_, Next) -> spawn(fun() -> fwd(Next) end) end, S, lists:seq(1, Size)),
        T = time(fun() -> laps(Laps, First) end),
        First ! stop, receive stop -> ok end,
        Laps * (Size + 1) * 1.0e9 / T end),
    report("ring", "1000x1000_one_token_msgs_per_s", V, "1/s"),
    %% 100 tokens at once
    V2 = reps(3, fun() ->
        S = self(), Tok = 100, L = Laps div 10,
        First = lists:foldl(fun(_, Next) -> spawn(fun() -> fwd(Next) end) end, S, lists:seq(1, Size)),
        T = time(fun() -> [First ! {tok, L} || _ <- lists:seq(1, Tok)], coll(Tok, First) end),
        First ! stop, receive stop -> ok end,
        Tok * L * (Size + 1) * 1.0e9 / T end),
    report("ring", "1000x100x100tokens_msgs_per_s", V2, "1/s").
fwd(Next) -> receive stop -> Next ! stop; M -> Next ! M, fwd(Next) end.
laps(0, _) -> ok;
laps(N, First) -> First ! {tok, N}, receive {tok, N} -> laps(N - 1, First) end.
coll(0, _) -> ok;
coll(Tok, First) ->
    receive {tok, 1} -> coll(Tok - 1, First); {tok, N} -> First ! {tok, N - 1}, coll(Tok, First) end.

%% ---- 5. fan-in -------------------------------------------------------
fanin() ->
    Senders = 100, Each = 10000,
    [begin
        V = reps(3, fun() ->
            S = self(),
            P = spawn_opt(fun() -> wait_n(Senders * Each, m), S ! fin end, Opt),
            T = time(fun() ->
                spawn_n(Senders, fun() -> send_n(Each, P, m) end), receive fin -> ok end end),
            Senders * Each * 1.0e9 / T end),
        report("fanin", io_lib:format("100x10k_~s_msgs_per_s", [Name]), V, "1/s")
    end || {Name, Opt} <- [{"onheap", []}, {"offheap", [{message_queue_data, off_heap}]}]].
send_n(0, _, _) -> ok;
send_n(N, P, M) -> P ! M, send_n(N - 1, P, M).

%% ---- 6. exit notification --------------------------------------------
notify() ->
    N = 20000,
    Lat = fun(Mk) ->
        fun() ->
            process_flag(trap_exit, true),
            L = [begin
                P = Mk(),
                erlang:yield(),
                T0 = ?NOW, P ! die,
                receive {'DOWN', _, process, P, _} -> ok; {'EXIT', P, _} -> ok end,
                ?NOW - T0 end || _ <- lists:seq(1, N)],
            S = lists:sort(L),
            {lists:nth(N div 2, S), lists:nth(N * 99 div 100, S)}
        end end,
    Dier = fun() -> receive die -> exit(boom) end end,
    [begin
        {A, B} = lists:unzip(reps(3, Lat(Mk))),
        report("notify", Nm ++ "_p50_ns", A, "ns"), report("notify", Nm ++ "_p99_ns", B, "ns")
     end || {Nm, Mk} <- [{"monitor", fun() -> element(1, spawn_monitor(Dier)) end},
                         {"link", fun() -> spawn_link(Dier) end}]],
    %% fan-out: 1 process dies, 10k are linked to it
    V = reps(3, fun() ->
        S = self(), K = 10000,
        P = spawn(Dier),
        Ws = [spawn(fun() -> M = erlang:monitor(process, P), S ! ready,
                     receive {'DOWN', M, process, P, _} -> S ! down end end) || _ <- lists:seq(1, K)],
        wait_n(K, ready),
        T = time(fun() -> P ! die, wait_n(K, down) end), _ = Ws, T / K end),
    report("notify", "one_death_10k_monitors_ns_per_monitor", V, "ns").

%% ---- 7. 1 KB nested term ------------------------------------------------
%% {id, seq, tags, payload}: 8 records, each a map with 6 fields; about 1 KB on the wire
term1k() -> binary_to_term(term_to_binary(term1k_())).   % no literals: they would not be copied
term1k_() ->
    #{id => 12345, name => <<"order">>,
      items => [#{sku => <<"item-", (integer_to_binary(I))/binary>>, qty => I, price => 9.99 * I,
                  tags => [<<"red">>, <<"large">>], stock => true, pos => {I, I + 1}} || I <- lists:seq(1, 8)],
      address => #{street => <<"1 Main Street">>, city => <<"Springfield">>, zip => <<"12345">>}}.
copy1k() ->
    T = term1k(),
    io:format("# term1k: external ~p bytes, heap ~p bytes~n",
              [byte_size(term_to_binary(T)), erts_debug:flat_size(T) * 8]),
    N = 200000, W = 100,
    V = reps(3, fun() ->
        S = self(), Tm = term1k(),
        P = spawn(fun() -> sink(0, W, S) end),
        D = time(fun() -> stream(N, W, P, Tm) end), P ! stop, N * 1.0e9 / D end),
    report("copy1k", "stream_window100_msgs_per_s", V, "1/s"),
    V2 = reps(3, fun() ->
        Tm = term1k(), P = spawn(fun echo/0), S = self(), M = 100000,
        D = time(fun() -> pp1k(M, P, S, Tm) end), P ! stop, M * 1.0e9 / D end),
    report("copy1k", "pingpong_both_ways_roundtrips_per_s", V2, "1/s"),
    V3 = reps(3, fun() -> Tm = term1k(), M = 50000,
        D = time(fun() -> enc(M, Tm) end), D / M end),
    report("copy1k", "term_to_binary_and_back_ns", V3, "ns").
enc(0, _) -> ok;
enc(N, T) -> _ = binary_to_term(term_to_binary(T)), enc(N - 1, T).
stream(0, _, _, _) -> ok;
stream(N, W, P, T) ->
    P ! {data, T},
    case N rem W of 1 -> receive ack -> ok end; _ -> ok end, stream(N - 1, W, P, T).
sink(C, W, S) ->
    receive {data, #{id := _}} ->
        case (C + 1) rem W of 0 -> S ! ack; _ -> ok end, sink(C + 1, W, S);
        stop -> ok end.
pp1k(0, _, _, _) -> ok;
pp1k(N, P, S, T) -> P ! {S, T}, receive #{id := _} -> pp1k(N - 1, P, S, T) end.

%% ---- 8. CPU -----------------------------------------------------------
fib(N) when N < 2 -> N;
fib(N) -> fib(N - 1) + fib(N - 2).
cpu() ->
    [begin V = reps(3, fun() -> time(fun() -> fib(N) end) / 1.0e6 end),
        report("cpu", io_lib:format("fib~p_ms", [N]), V, "ms") end || N <- [30, 32, 35]],
    %% build a 1M-entry list, map over it, sum; then 200k inserts + 200k reads of a map
    V1 = reps(3, fun() -> time(fun() ->
            L = lists:seq(1, 1000000), _ = lists:sum([X * 2 || X <- L]) end) / 1.0e6 end),
    report("cpu", "array_1M_build_map_sum_ms", V1, "ms"),
    V2 = reps(3, fun() -> time(fun() ->
            M = hins(0, #{}), hread(0, M, 0) end) / 1.0e6 end),
    report("cpu", "hash_200k_string_keys_put_get_ms", V2, "ms"),
    V3 = reps(3, fun() -> time(fun() -> loop(0, 0) end) / 1.0e6 end),
    report("cpu", "loop_100M_add_ms", V3, "ms").
hins(200000, M) -> M;
hins(I, M) -> hins(I + 1, M#{<<"k", (integer_to_binary(I))/binary>> => I}).
hread(200000, _, A) -> A;
hread(I, M, A) -> hread(I + 1, M, A + maps:get(<<"k", (integer_to_binary(I))/binary>>, M)).
loop(100000000, A) -> A;
loop(I, A) -> loop(I + 1, A bxor I).

%% ---- 9. one million processes -------------------------------------------
million() ->
    N = 1000000, S = self(),
    R0 = rss(), T0 = ?NOW,
    Ps = [spawn(?MODULE, idle, []) || _ <- lists:seq(1, N)],
    T1 = ?NOW,
    _ = [P ! {ping, S} || P <- Ps], wait_n(N, pong), T2 = ?NOW,
    timer:sleep(500), R1 = rss(),
    io:format("million\tspawn_ms\t~.1f~nmillion\tping_all_ms\t~.1f~nmillion\trss_mib\t~.1f~nmillion\trss_bytes_per_proc\t~.1f~n",
              [(T1 - T0) / 1.0e6, (T2 - T1) / 1.0e6, (R1 - R0) / 1048576, (R1 - R0) / N]),
    T3 = ?NOW, _ = [P ! stop || P <- Ps],
    wait_gone(), io:format("million\tstop_all_ms\t~.1f~n", [(?NOW - T3) / 1.0e6]).
wait_gone() -> case erlang:system_info(process_count) > 1000 of true -> timer:sleep(1), wait_gone(); false -> ok end.
