//! The code of small programs.

use super::listing;

macro_rules! shapes {
    ($($name:ident: $source:literal => $expected:literal)*) => {
        $(
            #[test]
            fn $name() {
                let expected: Vec<_> = $expected.lines().map(str::trim).collect();
                assert_eq!(listing($source), expected[1..expected.len() - 1].join("\n"));
            }
        )*
    };
}

shapes! {
    locals_are_operands: "local a, b = ... local c = a + b return c * a" => r#"
        0 VarArg 0 3
        1 Add 2 0 1  ; local a, 2: local b
        2 Mul 3 2 0  ; local c, 2: local a
        3 Return1 3
    "#
    temporaries_reuse_the_destination: "local a = ... local b = a.x.y + a.z return b" => r#"
        0 VarArg 0 2
        1 GetField 1 0 "x"  ; local a
        2 GetField 1 1 "y"  ; field x
        3 GetField 2 0 "z"  ; local a
        4 Add 1 1 2  ; field y, 2: field z
        5 Return1 1
    "#
    constants_fold_as_in_puc: "return 2 ^ 53, 7 // 2, 1 / 0, -0.0, 'a' == 1" => r#"
        0 LoadK 0 9007199254740992.0
        1 LoadK 1 3
        2 LoadK 2 1
        3 DivK 2 2 0
        4 LoadK 3 0.0
        5 Unm 3 3
        6 LoadK 4 "a"
        7 EqK 4 1 1 -> 10
        8 LoadK 4 false
        9 Jump -> 11
        10 LoadK 4 true
        11 Return 0 6 0
    "#
    constants_on_the_right: "local x = ... return x + 1, x - 1.5, 1 + x, x & 1" => r#"
        0 VarArg 0 2
        1 AddK 1 0 1  ; local x
        2 SubK 2 0 1.5  ; local x
        3 LoadK 3 1
        4 Add 3 3 0  ; 2: local x
        5 LoadK 5 1
        6 BAnd 4 0 5  ; local x
        7 Return 1 5 0
    "#
    big_integers: "local x = 0x7fffffffffffffff return x + 0x7fffffffffffffff" => r#"
        0 LoadBig 0 9223372036854775807
        1 LoadBig 2 9223372036854775807
        2 Add 1 0 2  ; local x
        3 Return1 1
    "#
    comparisons_jump: "local a, b = ... if a < b then f() elseif a >= 5 then g() end if 5 < a then h() end" => r#"
        0 VarArg 0 3
        1 Lt 0 1 0 -> 5
        2 GetGlobal 2 0 "f"
        3 Call 2 1 1  ; global f
        4 Jump -> 8
        5 GeK 0 5 0 -> 8
        6 GetGlobal 2 0 "g"
        7 Call 2 1 1  ; global g
        8 GtK 0 5 0 -> 11
        9 GetGlobal 2 0 "h"
        10 Call 2 1 1  ; global h
        11 Return0
    "#
    equality_with_constants: "local a = ... if a == nil then f() end if a ~= 's' then g() end" => r#"
        0 VarArg 0 2
        1 EqK 0 nil 0 -> 4
        2 GetGlobal 1 0 "f"
        3 Call 1 1 1  ; global f
        4 EqK 0 "s" 1 -> 7
        5 GetGlobal 1 0 "g"
        6 Call 1 1 1  ; global g
        7 Return0
    "#
    conditions_make_no_booleans: "local a, b, c = ... if not (a and b) or c then f() end" => r#"
        0 VarArg 0 4
        1 Test 0 0 -> 4
        2 Test 1 0 -> 4
        3 Test 2 0 -> 6
        4 GetGlobal 3 0 "f"
        5 Call 3 1 1  ; global f
        6 Return0
    "#
    comparisons_as_values: "local a, b = ... local c = a < b local d = not (a == b) return c, d" => r#"
        0 VarArg 0 3
        1 LoadK 2 true
        2 Lt 0 1 1 -> 4
        3 LoadK 2 false
        4 Eq 0 1 0 -> 7
        5 LoadK 3 false
        6 Jump -> 8
        7 LoadK 3 true
        8 Move 4 2
        9 Move 5 3
        10 Return 4 3 0
    "#
    and_or_as_values: "local a, b = ... local c = a and b or f() a = a or b.x return c" => r#"
        0 VarArg 0 3
        1 Test 0 0 -> 3
        2 TestSet 2 1 1 -> 5
        3 GetGlobal 2 0 "f"
        4 Call 2 1 2  ; global f
        5 Test 0 1 -> 7
        6 GetField 0 1 "x"  ; local b
        7 Return1 2
    "#
    logic_keeps_a_local_intact: "local a = ... a = f(a) or a return a" => r#"
        0 VarArg 0 2
        1 GetGlobal 1 0 "f"
        2 Move 4 0
        3 Call 1 2 2  ; global f
        4 TestSet 0 1 1 -> 5
        5 Return1 0
    "#
    while_and_break: "local t = ... while t do if t.x then break end t = t.n end" => r#"
        0 VarArg 0 2
        1 Test 0 0 -> 6
        2 GetField 1 0 "x"  ; local t
        3 Test 1 1 -> 6
        4 GetField 0 0 "n"  ; local t
        5 Loop -> 1
        6 Return0
    "#
    repeat_sees_its_locals: "repeat local x = f() until x" => r#"
        0 GetGlobal 0 0 "f"
        1 Call 0 1 2  ; global f
        2 Test 0 1 -> 4
        3 Loop -> 0
        4 Return0
    "#
    numeric_for: "for i = 1, 3 do f(i) end" => r#"
        0 LoadK 0 1
        1 LoadK 1 3
        2 LoadK 2 1
        3 ForPrep 0 -> 8
        4 GetGlobal 4 0 "f"
        5 Move 7 3
        6 Call 4 2 1  ; global f
        7 ForLoop 0 -> 4
        8 Return0
    "#
    numeric_for_boxed_variable: "for i = 1, 3 do f(function() i = i + 1 end) end" => r#"
        0 GetUpBox 0 0
        1 AddK 0 0 1  ; upvalue i
        2 SetUpBox 0 0
        3 Return0
        --
        0 LoadK 0 1
        1 LoadK 1 3
        2 LoadK 2 1
        3 ForPrep 0 -> 9
        4 NewBox 3
        5 GetGlobal 4 0 "f"
        6 Closure 7 0
        7 Call 4 2 1  ; global f
        8 ForLoop 0 -> 4
        9 Return0
    "#
    generic_for: "for k, v in pairs(t) do f(k, v) end" => r#"
        0 GetGlobal 0 0 "pairs"
        1 GetGlobal 3 0 "t"
        2 Call 0 2 5  ; global pairs
        3 ForInPrep 0 -> 8
        4 GetGlobal 6 0 "f"
        5 Move 9 4
        6 Move 10 5
        7 Call 6 3 1  ; global f
        8 ForInCall 0 2
        9 ForInLoop 0 -> 4
        10 Close 3
        11 Return0
    "#
    goto_forward_and_back: "local i = 1 ::top:: i = i + 1 if f(i) then goto done end goto top ::done::" => r#"
        0 LoadK 0 1
        1 AddK 0 0 1  ; local i
        2 GetGlobal 1 0 "f"
        3 Move 4 0
        4 Call 1 2 2  ; global f
        5 Test 1 1 -> 7
        6 Loop -> 1
        7 Return0
    "#
    close_at_the_end_of_a_block: "do local x <close> = f() g() end" => r#"
        0 GetGlobal 0 0 "f"
        1 Call 0 1 2  ; global f
        2 MarkClose 0  ; local x
        3 GetGlobal 1 0 "g"
        4 Call 1 1 1  ; global g
        5 Close 0
        6 Return0
    "#
    close_on_leaving: "while a do local x <close> = f() if x then break end if a then goto out end end ::out::" => r#"
        0 GetGlobal 0 0 "a"
        1 Test 0 0 -> 14
        2 GetGlobal 0 0 "f"
        3 Call 0 1 2  ; global f
        4 MarkClose 0  ; local x
        5 Test 0 0 -> 8
        6 Close 0
        7 Jump -> 14
        8 GetGlobal 1 0 "a"
        9 Test 1 0 -> 12
        10 Close 0
        11 Jump -> 14
        12 Close 0
        13 Loop -> 0
        14 Return0
    "#
    return_with_close: "local x <close> = f() return g(x)" => r#"
        0 GetGlobal 0 0 "f"
        1 Call 0 1 2  ; global f
        2 MarkClose 0  ; local x
        3 GetGlobal 1 0 "g"
        4 Move 4 0
        5 Call 1 2 0  ; global g
        6 Return 1 0 1
    "#
    return_in_generic_for: "for k in f() do return g(k) end" => r#"
        0 GetGlobal 0 0 "f"
        1 Call 0 1 5  ; global f
        2 ForInPrep 0 -> 7
        3 GetGlobal 5 0 "g"
        4 Move 8 4
        5 Call 5 2 0  ; global g
        6 Return 5 0 1
        7 ForInCall 0 1
        8 ForInLoop 0 -> 3
        9 Close 3
        10 Return0
    "#
    tail_and_other_calls: "if a then return f(...) end if b then return (f()) end f() return f(), g()" => r#"
        0 GetGlobal 0 0 "a"
        1 Test 0 0 -> 6
        2 GetGlobal 0 0 "f"
        3 VarArg 3 0
        4 TailCall 0 0 0  ; global f
        5 Return 0 0 0
        6 GetGlobal 0 0 "b"
        7 Test 0 0 -> 11
        8 GetGlobal 0 0 "f"
        9 Call 0 1 2  ; global f
        10 Return1 0
        11 GetGlobal 0 0 "f"
        12 Call 0 1 1  ; global f
        13 GetGlobal 0 0 "f"
        14 Call 0 1 2  ; global f
        15 GetGlobal 1 0 "g"
        16 Call 1 1 0  ; global g
        17 Return 0 0 0
    "#
    methods: "local s = ... s:m(1) return s.a:m(...):n()" => r#"
        0 VarArg 0 2
        1 Method 1 0 "m"  ; local s
        2 LoadK 5 1
        3 Call 1 3 1  ; method m
        4 GetField 1 0 "a"  ; local s
        5 Method 1 1 "m"  ; field a
        6 VarArg 5 0
        7 Call 1 0 2  ; method m
        8 Method 1 1 "n"
        9 TailCall 1 2 0  ; method n
        10 Return 1 0 0
    "#
    varargs: "local a, b = ... local t = { ... } return f(a, ...)" => r#"
        0 VarArg 0 3
        1 NewTable 2 0 1
        2 VarArg 3 0
        3 SetList 2 0 0
        4 GetGlobal 3 0 "f"
        5 Move 6 0
        6 VarArg 7 0
        7 TailCall 3 0 0  ; global f
        8 Return 3 0 0
    "#
    tables: "local x = ... return { 1, x, f(), n = x, [x] = 2, [3] = 4, f() }" => r#"
        0 VarArg 0 2
        1 NewTable 1 3 4
        2 LoadK 2 1
        3 Move 3 0
        4 GetGlobal 4 0 "f"
        5 Call 4 1 2  ; global f
        6 SetField 1 "n" 0
        7 LoadK 5 2
        8 SetIndex 1 0 5
        9 LoadK 5 4
        10 SetInt 1 3 5
        11 GetGlobal 5 0 "f"
        12 Call 5 1 0  ; global f
        13 SetList 1 0 0
        14 Return1 1
    "#
    concatenation: "local a, b = ... return a .. 'x' .. b .. f()" => r#"
        0 VarArg 0 3
        1 Move 2 0
        2 LoadK 3 "x"
        3 Move 4 1
        4 GetGlobal 5 0 "f"
        5 Call 5 1 2  ; global f
        6 Concat 2 4  ; local a, constant x, local b
        7 Return1 2
    "#
    several_targets: "local a, b, t = ... a, b = b, a t.x, t[a], a = 1, b" => r#"
        0 VarArg 0 4
        1 Move 3 1
        2 Move 1 0
        3 Move 0 3
        4 Move 3 0
        5 LoadK 4 1
        6 Move 5 1
        7 LoadNil 6 1
        8 Move 0 6
        9 SetIndex 2 3 5  ; local t
        10 SetField 2 "x" 4  ; local t
        11 Return0
    "#
    a_target_that_is_used_as_a_table: "local t = ... t.x, t = 1, 2" => r#"
        0 VarArg 0 2
        1 Move 1 0
        2 LoadK 2 1
        3 LoadK 0 2
        4 SetField 1 "x" 2  ; local t
        5 Return0
    "#
    captured_by_value: "local a, b = ... local function f() return a end return f" => r#"
        0 GetUp 0 0
        1 Return1 0
        --
        0 VarArg 0 3
        1 Closure 2 0
        2 Return1 2
    "#
    captured_in_a_box: "local n = 0 local function inc() n = n + 1 return n end return inc" => r#"
        0 GetUpBox 0 0
        1 AddK 0 0 1  ; upvalue n
        2 SetUpBox 0 0
        3 GetUpBox 0 0
        4 Return1 0
        --
        0 LoadK 0 0
        1 NewBox 0
        2 Closure 1 0
        3 Return1 1
    "#
    recursive_local_function: "local function fact(n) if n == 0 then return 1 end return n * fact(n - 1) end" => r#"
        0 EqK 0 0 0 -> 3
        1 LoadK 1 1
        2 Return1 1
        3 GetUp 2 0
        4 SubK 5 0 1  ; local n
        5 Call 2 2 2  ; upvalue fact
        6 Mul 1 0 2  ; local n
        7 Return1 1
        --
        0 Closure 0 0
        1 Return0
    "#
    forward_declared_function: "local f, g function f() return g() end function g() end" => r#"
        0 GetUpBox 0 0
        1 TailCall 0 1 0  ; upvalue g
        2 Return 0 0 0
        --
        0 Return0
        --
        0 LoadNil 0 2
        1 NewBox 1
        2 Closure 0 0
        3 Closure 2 1
        4 SetBox 1 2
        5 Return0
    "#
    inner_function_of_itself: "local function f() return function() return f() end end" => r#"
        0 GetUp 0 0
        1 TailCall 0 1 0  ; upvalue f
        2 Return 0 0 0
        --
        0 Closure 0 0
        1 Return1 0
        --
        0 Closure 0 1
        1 Return0
    "#
    boxed_operand_is_read_late: "local a = 1 local function f() a = 2 end return a + f()" => r#"
        0 LoadK 0 2
        1 SetUpBox 0 0
        2 Return0
        --
        0 LoadK 0 1
        1 NewBox 0
        2 Closure 1 0
        3 Move 3 1
        4 Call 3 1 2  ; local f
        5 GetBox 4 0
        6 Add 2 4 3  ; local a
        7 Return1 2
    "#
    compile_time_constants: "local x <const>, y <const> = 1, 'k' return t[y], x + 1, function() return y end" => r#"
        0 LoadK 0 "k"
        1 Return1 0
        --
        0 LoadK 0 1
        1 GetGlobal 1 0 "t"
        2 GetField 1 1 "k"  ; global t
        3 AddK 2 0 1  ; local x
        4 Closure 3 0
        5 Return 1 4 0
    "#
    globals_through_a_local_env: "local _ENV = {} x = y" => r#"
        0 NewTable 0 0 0
        1 GetField 1 0 "y"  ; local _ENV
        2 SetField 0 "x" 1  ; local _ENV
        3 Return0
    "#
    globals_through_a_boxed_env: "_ENV = {} x = y" => r#"
        0 NewTable 0 0 0
        1 SetUpBox 0 0
        2 GetUpBox 0 0
        3 GetUpBox 2 0
        4 GetField 1 2 "y"  ; upvalue _ENV
        5 SetField 0 "x" 1  ; upvalue _ENV
        6 Return0
    "#
    integer_keys: "local t = ... t[1] = t[2] t[0] = t[-1] t[1.0] = t[4294967296]" => r#"
        0 VarArg 0 2
        1 GetInt 1 0 2  ; local t
        2 SetInt 0 1 1  ; local t
        3 LoadK 1 0
        4 LoadK 2 -1
        5 GetIndex 2 0 2  ; local t
        6 SetIndex 0 1 2  ; local t
        7 LoadK 1 1.0
        8 LoadK 2 4294967296
        9 GetIndex 2 0 2  ; local t
        10 SetIndex 0 1 2  ; local t
        11 Return0
    "#
    missing_values: "local a, b, c = 1 local d, e = f(), 2, g() a, b = f()" => r#"
        0 LoadK 0 1
        1 LoadNil 1 2
        2 GetGlobal 3 0 "f"
        3 Call 3 1 2  ; global f
        4 LoadK 4 2
        5 GetGlobal 5 0 "g"
        6 Call 5 1 2  ; global g
        7 GetGlobal 5 0 "f"
        8 Call 5 1 3  ; global f
        9 Move 1 6
        10 Move 0 5
        11 Return0
    "#
}
