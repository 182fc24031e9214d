%% The peer of `cargo xtask bench load` and crates/runtime/examples/supervision_figures.rs: 10 000 children of supervisors, of which
%% 1 000 crash every second; the time from the message that makes one fail to the moment at which its
%% successor is ready.
%%
%% escript bench/erlang/supervision.erl [CHILDREN PER_SECOND SECONDS SUPERVISORS]
-module(supervision).
-mode(compile).
-behaviour(supervisor).
-export([main/1, init/1, start_child/2]).

main(Arguments) ->
    logger:set_primary_config(level, none),
    [Children, PerSecond, Seconds, Trees] =
        case Arguments of
            [] -> [10000, 1000, 10, 1];
            _ -> [list_to_integer(A) || A <- Arguments]
        end,
    process_flag(trap_exit, true),
    Started = erlang:monotonic_time(),
    Supervisors = [element(2, supervisor:start_link(?MODULE, [])) || _ <- lists:seq(1, Trees)],
    Table = ets:new(children, [public, set]),
    [
        {ok, _} = supervisor:start_child(
            lists:nth(N rem Trees + 1, Supervisors),
            #{id => N, start => {?MODULE, start_child, [N, self()]}, restart => permanent}
        )
     || N <- lists:seq(0, Children - 1)
    ],
    [receive {ready, N, Pid, _} -> ets:insert(Table, {N, Pid}) end || _ <- lists:seq(1, Children)],
    io:format("# ~p children up in ~.3f s~n", [Children, seconds(erlang:monotonic_time() - Started)]),
    Crashes = PerSecond * Seconds,
    Begin = erlang:monotonic_time(nanosecond),
    Times = crash(0, Crashes, Children, PerSecond, Begin, Table, #{}, []),
    show(lists:sort(Times)),
    halt(0).

init(_) ->
    {ok, {#{strategy => one_for_one, intensity => 1000000, period => 1}, []}}.

start_child(N, Collector) ->
    Pid = spawn_link(fun() ->
        Collector ! {ready, N, self(), erlang:monotonic_time(nanosecond)},
        receive fail -> error(boom) end
    end),
    {ok, Pid}.

crash(Crash, Crashes, _, _, _, _, Sent, Times) when Crash =:= Crashes, map_size(Sent) =:= 0 ->
    Times;
crash(Crash, Crashes, Children, PerSecond, Begin, Table, Sent, Times) ->
    Due = Begin + Crash * 1000000000 div PerSecond,
    Now = erlang:monotonic_time(nanosecond),
    if
        Crash < Crashes, Now >= Due ->
            N = Crash * 7919 rem Children,
            [{N, Pid}] = ets:lookup(Table, N),
            At = erlang:monotonic_time(nanosecond),
            Pid ! fail,
            crash(Crash + 1, Crashes, Children, PerSecond, Begin, Table, Sent#{N => At}, Times);
        true ->
            Wait = if Crash < Crashes -> max(0, (Due - Now) div 1000000); true -> 5000 end,
            receive
                {ready, N, Pid, At} ->
                    ets:insert(Table, {N, Pid}),
                    {Before, Rest} = maps:take(N, Sent),
                    More = [At - Before | Times],
                    crash(Crash, Crashes, Children, PerSecond, Begin, Table, Rest, More)
            after Wait ->
                crash(Crash, Crashes, Children, PerSecond, Begin, Table, Sent, Times)
            end
    end.

show(Times) ->
    At = fun(Part) -> lists:nth(1 + trunc((length(Times) - 1) * Part), Times) end,
    [
        io:format("load\t~s\t~p\t~p\t~p\tns~n", [Name, Value, Value, Value])
     || {Name, Value} <- [{"p50", At(0.5)}, {"p99", At(0.99)}, {"p999", At(0.999)}, {"max", At(1.0)}]
    ].

seconds(Native) ->
    erlang:convert_time_unit(Native, native, microsecond) / 1.0e6.
