local env = require("env")
local _, err = env.get("HOME")
print(env.get("A"), #env.get("PATH") > 0, err:kind())
