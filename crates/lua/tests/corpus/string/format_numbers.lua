-- string.format: numeric conversions.
local f = string.format
for _, v in ipairs { 0, 1, -1, 42, -42, 123456789, math.maxinteger, math.mininteger, 3.0, "17", "0x10", "5.0" } do print(f("%d|%5d|%-5d|%05d|%+d|% d|%.3d|%8.3d|%-8.3d|%+.0d|%i", v, v, v, v, v, v, v, v, v, v, v)) end
for _, v in ipairs { 0, 1, 255, 4096, -1, math.maxinteger, 65535.0 } do print(f("%x|%X|%#x|%#X|%o|%#o|%8x|%-8x|%08x|%.4x|%u", v, v, v, v, v, v, v, v, v, v, v < 0 and 1 or v)) end
for _, v in ipairs { 0.0, -0.0, 1, 1.5, -1.5, 0.1, 1/3, 100, 123456.789, 1e10, 1e15, 1e16, 1e100, 1e-5, 1e-10, 5e-324, 1.7976931348623157e308, math.huge, -math.huge, 2^53, "1.25" } do
  print(f("%f|%.0f|%.1f|%10.2f|%-10.2f|%+.2f|%010.2f|% .1f|%#.0f", v, v, v, v, v, v, v, v, v)) print(f("%e|%.0e|%.3e|%E|%12.2e|%+e|%#.0e", v, v, v, v, v, v, v)) print(f("%g|%.0g|%.3g|%G|%10g|%-10g|%+g|%#g|%.14g|%.17g|%.20g", v, v, v, v, v, v, v, v, v, v, v))
end
for _, v in ipairs { 0.0, 1, 1.5, -2.75, 0.1, 1e100, 5e-324, 2^-1074, 2^1023, 255, 1/3, 3.14159, 0.5, 1024, math.huge, -math.huge } do print(f("%a|%A|%.0a|%.3a|%20a|%-20a|%+a|%020a", v, v, v, v, v, v, v, v)) end
-- rounding
print(f("%.0f %.0f %.0f %.0f %.0f %.0f", 0.5, 1.5, 2.5, -0.5, 3.5, 0.4999999)) print(f("%.1f %.1f %.1f %.1f", 0.05, 0.15, 0.25, 0.35)) print(f("%.2f %.2f %.2f", 1.005, 2.675, 1.115)) print(f("%.3f %.10f %.15f %.20f", 2/3, 2/3, 2/3, 0.1)) print(f("%5.1f|%-8.3f|%08.3f|%+8.3f", 3.14159, 3.14159, 3.14159, 3.14159)) print(f("%.50f", 0.1)) print(f("%.99f", 1/3)) print(#f("%99.99f", -1e308), f("%.30g", 0.1), f("%99d|", 5)) print(f("%.3g %.3g %.3g %.3g", 1234.5, 0.00012345, 999.6, 0.9996)) print(f("%g %g %g %g %g", 100000, 1000000, 1e-4, 1e-5, 123456789)) print(f("%.14g %.14g %.14g", 3.14159265358979, 1e15, 0.1 + 0.2)) print(f("%e %e", 0, 12345.6789)) print(f("%10.4g|%-12.5e|%+G", 0.000123456, 12345.678, 1e-20))
-- integers given to float conversions and the other way
print(f("%f %g %e %a", 3, 3, 3, 3)) print(f("%d %x %o %c", 65.0, 65.0, 65.0, 65.0)) print(f("%f", math.maxinteger), f("%.0f", 2^63), f("%.0f", math.mininteger)) print(f("%d", "10"), f("%g", "0x10"), f("%x", "255"), f("%f", " 1.5 "))
-- characters
print(f("%c%c%c", 76, 117, 97), f("%5c|%-5c|", 65, 66), #f("%c", 0), f("%c", 256 + 65)) print(f("%c", "65"))
print(pcall(f, "%d", 1.5)) print(pcall(f, "%d", "1.5")) print(pcall(f, "%d", 2^63)) print(pcall(f, "%d", math.huge)) print(pcall(f, "%x", 1.5)) print(pcall(f, "%c", "x")) print(pcall(f, "%d", "x")) print(pcall(f, "%f", "x")) print(pcall(f, "%f", {})) print(pcall(f, "%d", nil)) print(pcall(f, "%d")) print(pcall(f, "%f")) print(pcall(f, "%d %d", 1)) print(pcall(f, "%d", true)) print(pcall(f, "%i", "0x")) print(pcall(f, "%o", -1.5)) print(pcall(f, "%a", "z"))
print(f("%5.2f%%", 99.5), f("%%"), f("%d%%%d", 1, 2), f("%+5d|%-+5d|%+05d", 3, 3, 3), f("% 5d|%- 5d", 3, 3), f("%x", -255), f("%5s%5s", 1, 2.5), f("%.3d", 5), f("%+.3d", 5), f("%#x %#o", 0, 0))
