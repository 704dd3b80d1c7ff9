package bot

// Judge says who of the directory's users an asker with this e-mail is, and why they may not make meetings; nil if they
// may. The e-mail is taken to be confirmed. It is what is done for a command, for those who want to know beforehand.
func (p AskerPolicy) Judge(email string, found []DirectoryUser) (DirectoryUser, *Error) {
	if !p.admitsDomain(email) {
		return DirectoryUser{}, &Error{Code: DomainNotAllowed, Reason: email}
	}
	return p.matchUser(email, found)
}

// JudgeUser says why a user whom the chat platform proves to be the asker may not make meetings; nil if they may.
func (p AskerPolicy) JudgeUser(user DirectoryUser) *Error { return p.admitsProvenUser(user) }
