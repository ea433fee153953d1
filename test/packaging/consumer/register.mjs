import "rollcall/register";
