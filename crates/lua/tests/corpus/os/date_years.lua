-- Years near the limits, weeks, and every conversion of os.date that tells of them.
local f="!%Y|%C|%y|%G|%g|%F|%D|%c|%V|%U|%W|%j|%u|%w|%e|%I|%p"
for _,y in ipairs{-2147481748,-10000,-1001,-1000,-999,-101,-100,-99,-51,-1,0,1,9,50,99,100,999,1000,1969,1970,1999,2000,2023,2024,2100,9999,10000,99999,2147483647,2147485546} do
 local s=os.time{year=y,month=1,day=1,hour=0} print(y,s,os.date(f,s)) 
 local s=os.time{year=y,month=12,day=31,hour=13} print(y,s,os.date(f,s)) end
for d=0,4000,61 do print(os.date("!%F %V %G %g %U %W %j %a %b",d*86400*3)) end
print(pcall(os.date, "!%Q abc\0def"))
